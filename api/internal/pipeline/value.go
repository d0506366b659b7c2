package pipeline

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// FallBack tries the alternatives in order after a call failed with err, until
// one succeeds. name is the Name of the *FallbackError; runtime may be nil.
func FallBack[T any](ctx context.Context, name string, runtime Runtime, err error, alternatives []func(context.Context) (T, error)) (T, error) {
	var none T
	errs := []error{err}
	for i, alternative := range alternatives {
		if done := doneErr(ctx); done != nil {
			return none, joinDone(done, errs)
		}
		cause := errors.Join(errs...)
		v, err := callFallback(context.WithValue(ctx, causeKey{}, cause), alternative)
		if err == nil {
			if runtime != nil && runtime.NoteCall(ctx, "", messages.CallFellBack, cause) {
				runtime.EmitCall(ctx, "", messages.FallbackUsed{Index: i + 1, Cause: cause, At: time.Now()})
			}
			return v, nil
		}
		if _, ok := err.(*skipped); !ok { // a wrapped one counts as an error
			errs = append(errs, err)
		}
	}
	if done := doneErr(ctx); done != nil {
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

// causeKey is the key of the errors so far in the ctx of a fallback.
type causeKey struct{}

// Cause returns, in a fallback, all errors so far, joined. Elsewhere it returns
// nil.
func Cause(ctx context.Context) error {
	if ctx == nil {
		return nil
	}
	err, _ := ctx.Value(causeKey{}).(error)
	return err
}

// doneErr returns the error of a ctx that is done or past its deadline; nil if it
// is neither. The deadline counts even if the timer of ctx is late.
func doneErr(ctx context.Context) error {
	if at, ok := ctx.Deadline(); ok && ctx.Err() == nil && !time.Now().Before(at) {
		return context.DeadlineExceeded
	}
	return ctx.Err()
}

// joinDone joins the error of a ctx that is done with the errors of the calls,
// unless they include it.
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
