package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// FallBack tries the alternatives in order after a call failed with err. name
// is for the error; runtime may be nil.
func FallBack[T any](ctx context.Context, name string, runtime Runtime, err error, alternatives []func(context.Context) (T, error)) (T, error) {
	var none T
	errs := []error{err}
	for i, alternative := range alternatives {
		if done := ended(ctx); done != nil {
			return none, joinDone(done, errs)
		}
		cause := errors.Join(errs...)
		v, err := callFallback(context.WithValue(ctx, causeKey{}, cause), alternative)
		if err == nil {
			if runtime != nil {
				runtime.Emit(messages.FallbackUsed{Index: i + 1, Cause: cause, At: time.Now()})
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
	return none, &messages.FallbackError{Name: name, Errs: errs}
}

// ErrNoFallback is the error of a fallback that is nil.
var ErrNoFallback error = &messages.ConfigError{Kind: "fallback", Field: "fn", Problem: messages.MustNotBeNil}

func callFallback[T any](ctx context.Context, fn func(context.Context) (T, error)) (v T, err error) {
	if fn == nil {
		return v, ErrNoFallback
	}
	return fn(ctx)
}

// Skipped is what a fallback returns that is not for this cause. It leaves no
// trace among the errors of the call.
func Skipped(cause error) error { return &skipped{cause} }

type skipped struct{ cause error }

func (s *skipped) Error() string {
	if s.cause == nil {
		return "a fallback was called without a cause"
	}
	return s.cause.Error()
}

func (s *skipped) Unwrap() error { return s.cause }

// causeKey is where the ctx of a fallback carries why it is needed.
type causeKey struct{}

// Cause returns, in a fallback, all errors so far, joined; anywhere else nil.
func Cause(ctx context.Context) error {
	if ctx == nil {
		return nil
	}
	err, _ := ctx.Value(causeKey{}).(error)
	return err
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
