package api

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/understudy-go/understudy/system"
)

// Value is a fallback that answers v; the zero value is fine.
func Value[T any](v T) Func[T] {
	return func(context.Context) (T, error) { return v, nil }
}

// WhenOpen is a fallback only for calls that an open circuit refused.
func WhenOpen[T any](fn Func[T]) Func[T] {
	return When(func(err error) bool { return errors.Is(err, ErrCircuitOpen) }, fn)
}

// WhenTimeout is a fallback only for calls that timed out: the cause is
// ErrTimeout or context.DeadlineExceeded.
func WhenTimeout[T any](fn Func[T]) Func[T] {
	return When(func(err error) bool {
		return errors.Is(err, ErrTimeout) || errors.Is(err, context.DeadlineExceeded)
	}, fn)
}

// When is a fallback only for causes that match. It passes any other on to the
// next fallback, and leaves no trace.
func When[T any](match func(error) bool, fn Func[T]) Func[T] {
	return func(ctx context.Context) (v T, err error) {
		switch {
		case match == nil:
			return v, &ConfigError{Kind: "fallback", Field: "match", Problem: "must not be nil"}
		case fn == nil:
			return v, errNoFallback
		}
		if cause := Cause(ctx); cause == nil || !match(cause) {
			return v, &skipped{cause}
		}
		return fn(ctx)
	}
}

var errNoFallback error = &ConfigError{Kind: "fallback", Field: "fn", Problem: "must not be nil"}

// skipped says that a When did not match.
type skipped struct{ cause error }

func (s *skipped) Error() string {
	if s.cause == nil {
		return "a fallback was called without a cause"
	}
	return s.cause.Error()
}

func (s *skipped) Unwrap() error { return s.cause }

// Cause returns, in a fallback, all errors so far, joined; anywhere else nil.
func Cause(ctx context.Context) error {
	if ctx == nil {
		return nil
	}
	err, _ := ctx.Value(causeKey{}).(error)
	return err
}

type causeKey struct{}

// fallBack tries the alternatives in order after a call failed with err.
func fallBack[T any](ctx context.Context, name string, sys *system.System, err error, alternatives []Func[T]) (T, error) {
	var none T
	errs := []error{err}
	for i, alternative := range alternatives {
		if done := ended(ctx); done != nil {
			return none, joinDone(done, errs)
		}
		cause := errors.Join(errs...)
		v, err := callFallback(context.WithValue(ctx, causeKey{}, cause), alternative)
		if err == nil {
			if sys != nil {
				sys.Emit(FallbackUsed{Index: i + 1, Cause: cause, At: time.Now()})
			}
			return v, nil
		}
		if _, ok := err.(*skipped); !ok { // a wrapped one is an error of its own
			errs = append(errs, err)
		}
	}
	if done := ended(ctx); done != nil {
		return none, joinDone(done, errs)
	}
	if len(errs) == 1 && len(alternatives) > 0 {
		return none, errs[0] // all of them were skipped
	}
	return none, &FallbackError{Name: name, Errs: errs}
}

func callFallback[T any](ctx context.Context, fn Func[T]) (v T, err error) {
	if fn == nil {
		return v, errNoFallback
	}
	return fn(ctx)
}

// ended returns the error of a ctx that is done or past its own deadline, even
// if its timer is late.
func ended(ctx context.Context) error {
	if at, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(at) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// joinDone joins the error of a ctx that is done with those of the calls.
func joinDone(done error, errs []error) error {
	all := errors.Join(errs...)
	if errors.Is(all, done) {
		if len(errs) == 1 {
			return errs[0]
		}
		return all
	}
	return errors.Join(done, all)
}

// Fallback is a chain of alternatives: the first is the one wanted, each next
// is tried when those before it failed.
type Fallback[T any] struct {
	name string

	mu           sync.RWMutex
	alternatives []Func[T]
}

// NewFallback makes a chain; its name appears in errors.
func NewFallback[T any](name string, alternatives ...Func[T]) *Fallback[T] {
	return &Fallback[T]{name: name, alternatives: append([]Func[T](nil), alternatives...)}
}

// Add appends an alternative and returns the chain.
func (f *Fallback[T]) Add(fn Func[T]) *Fallback[T] {
	if f == nil {
		return nil // Execute tells what is wrong
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alternatives = append(f.alternatives, fn)
	return f
}

// Default appends an alternative that answers v and returns the chain.
func (f *Fallback[T]) Default(v T) *Fallback[T] { return f.Add(Value(v)) }

// Execute tries the alternatives in order until one succeeds. All failed: a
// *FallbackError; a ctx that is done is served no further ones. A chain without
// alternatives is a *ConfigError.
func (f *Fallback[T]) Execute(ctx context.Context) (v T, err error) {
	if f == nil {
		return v, &ConfigError{Kind: "fallback", Field: "Fallback", Problem: "must not be nil"}
	}
	f.mu.RLock()
	alternatives := f.alternatives
	f.mu.RUnlock()
	if len(alternatives) == 0 {
		return v, &ConfigError{Kind: "fallback", Name: f.name, Field: "alternatives", Problem: "there are none"}
	}
	if err := checkCall(ctx, alternatives[0] == nil); err != nil {
		return v, err
	}
	if v, err = alternatives[0](ctx); err == nil {
		return v, nil
	}
	return fallBack(ctx, f.name, nil, err, alternatives[1:])
}
