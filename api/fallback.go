package api

import (
	"context"
	"errors"
	"sync"

	"github.com/understudy-go/understudy/api/internal/pipeline"
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
			return v, pipeline.ErrNoFallback
		}
		if cause := Cause(ctx); cause == nil || !match(cause) {
			return v, pipeline.Skipped(cause)
		}
		return fn(ctx)
	}
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
	if err := pipeline.Validate(ctx, alternatives[0] == nil); err != nil {
		return v, err
	}
	if v, err = alternatives[0](ctx); err == nil {
		return v, nil
	}
	return pipeline.FallBack(ctx, f.name, nil, err, alternatives[1:])
}
