package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// FallBack tries the alternatives in order after a call failed with err, until
// one succeeds. name is the Name of the *FallbackError. known is the name that the
// call is known by in events; runtime may be nil.
func FallBack[T any](ctx context.Context, name string, runtime Runtime, known string, err error, alternatives []func(context.Context) (T, error)) (T, error) {
	var none T
	errs := failures{first: err}
	for i, alternative := range alternatives {
		if done := doneErr(ctx); done != nil {
			return none, errs.joinDone(done)
		}
		v, err := callFallback(&causeContext{ctx, errs}, alternative)
		if err == nil {
			if runtime != nil && runtime.NoteCall(ctx, known, messages.CallFellBack, errs.last()) {
				runtime.EmitCall(ctx, known, messages.FallbackUsed{Index: i + 1, Cause: errs.joined(), At: time.Now()})
			}
			return v, nil
		}
		if _, ok := err.(*skipped); !ok { // a wrapped one counts as an error
			errs.more = append(errs.more, err)
		}
	}
	if done := doneErr(ctx); done != nil {
		return none, errs.joinDone(done)
	}
	if len(errs.more) == 0 && len(alternatives) > 0 {
		return none, errs.first // all of them were skipped
	}
	return none, &messages.FallbackError{Name: name, Errs: errs.all()}
}

// failures are the errors of a call and of the fallbacks tried so far.
type failures struct {
	first error
	more  []error
}

func (f failures) all() []error { return append([]error{f.first}, f.more...) }

func (f failures) last() error {
	if n := len(f.more); n > 0 {
		return f.more[n-1]
	}
	return f.first
}

// joined returns all errors as one.
func (f failures) joined() error {
	if len(f.more) == 0 {
		return f.first
	}
	return errors.Join(f.all()...)
}

// joinDone joins the error of a ctx that is done with the errors of the calls,
// unless they include it.
func (f failures) joinDone(done error) error {
	if all := f.joined(); errors.Is(all, done) {
		return all
	}
	return errors.Join(append([]error{done}, f.all()...)...)
}

// ErrNoFallback is the error of a fallback that is nil.
var ErrNoFallback error = &messages.ConfigError{Kind: "fallback", Field: "fn", Problem: messages.MustNotBeNil}

func callFallback[T any](ctx context.Context, fn func(context.Context) (T, error)) (v T, err error) {
	if fn == nil {
		return v, ErrNoFallback
	}
	return fn(ctx)
}

// Skipped returns the error of a fallback that does not apply to this cause.
// FallBack leaves it out of the errors of the call.
func Skipped(cause error) error { return &skipped{cause} }

type skipped struct{ cause error }

func (s *skipped) Error() string {
	if s.cause == nil {
		return "a fallback was called without a cause"
	}
	return s.cause.Error()
}

func (s *skipped) Unwrap() error { return s.cause }

// causeContext is the ctx of a fallback.
type causeContext struct {
	context.Context
	errs failures
}

type causeKey struct{}

// Value returns the context itself for its key, and the values of the ctx around.
func (c *causeContext) Value(key any) any {
	if _, ok := key.(causeKey); ok {
		return c
	}
	return c.Context.Value(key)
}

// Cause returns, in a fallback, all errors so far, joined. Elsewhere it returns
// nil.
func Cause(ctx context.Context) error {
	if ctx == nil {
		return nil
	}
	c, ok := ctx.Value(causeKey{}).(*causeContext)
	if !ok {
		return nil
	}
	return c.errs.joined()
}

// doneErr returns the error of a ctx that is done or past its deadline; nil if it
// is neither. The deadline counts even if the timer of ctx is late.
func doneErr(ctx context.Context) error {
	if at, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(at) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}
