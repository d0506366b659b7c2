package api

import (
	"context"
	"errors"
	"sync"

	"github.com/understudy-go/understudy/api/internal/pipeline"
)

// Value returns a fallback that returns v, which may be the zero value.
func Value[T any](v T) Func[T] {
	return func(context.Context) (T, error) { return v, nil }
}

// WhenOpen returns a fallback that calls fn only if a breaker refused the call: the
// cause is ErrCircuitOpen.
func WhenOpen[T any](fn Func[T]) Func[T] {
	return When(func(err error) bool { return errors.Is(err, ErrCircuitOpen) }, fn)
}

// WhenTimeout returns a fallback that calls fn only if the call timed out: the cause
// is ErrTimeout or context.DeadlineExceeded.
func WhenTimeout[T any](fn Func[T]) Func[T] {
	return When(func(err error) bool {
		return errors.Is(err, ErrTimeout) || errors.Is(err, context.DeadlineExceeded)
	}, fn)
}

// When returns a fallback that calls fn only if match returns true for the cause. For
// any other cause the next fallback runs, as if this one did not exist. If match or fn
// is nil, the fallback fails with a *ConfigError.
func When[T any](match func(error) bool, fn Func[T]) Func[T] {
	return func(ctx context.Context) (v T, err error) {
		switch {
		case match == nil:
			return v, &ConfigError{Kind: "fallback", Field: "match", Problem: "must not be nil"}
		case fn == nil:
			return v, pipeline.ErrNoFallback
		}
		if cause := Cause(ctx); cause == nil || !match(cause) {
			return v, pipeline.Skipped(cause)
		}
		return fn(ctx)
	}
}

// Fallback is a chain of alternatives. Execute calls them in order until one
// succeeds. Make it with NewFallback. Safe for concurrent use.
type Fallback[T any] struct {
	name string

	mu           sync.RWMutex
	alternatives []Func[T]
}

// NewFallback returns a chain. Its name appears in errors, which show at most 255 bytes
// of it.
func NewFallback[T any](name string, alternatives ...Func[T]) *Fallback[T] {
	return &Fallback[T]{name: name, alternatives: append([]Func[T](nil), alternatives...)}
}

// Add appends an alternative to the chain and returns the chain.
func (f *Fallback[T]) Add(fn Func[T]) *Fallback[T] {
	if f == nil {
		return nil // Execute returns an error for it
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.alternatives = append(f.alternatives, fn)
	return f
}

// Default appends an alternative that returns v, and returns the chain.
func (f *Fallback[T]) Default(v T) *Fallback[T] { return f.Add(Value(v)) }

// Execute calls the alternatives in order until one succeeds. If all fail, Execute
// returns a *FallbackError. If ctx is done, no further alternative runs, and
// Execute returns the error of ctx joined with those of the alternatives. A chain
// without alternatives is a *ConfigError.
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
	if err := pipeline.Validate(ctx, alternatives[0] == nil); err != nil {
		return v, err
	}
	if v, err = alternatives[0](ctx); err == nil {
		return v, nil
	}
	return pipeline.FallBack(ctx, f.name, nil, "", err, alternatives[1:])
}
