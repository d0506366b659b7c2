package pipeline

import (
	"context"

	"github.com/understudy-go/understudy/actors/retry"
)

// RunRetry runs fn until an attempt succeeds or the policy gives up. The policy
// decides and waits; it never receives fn.
func RunRetry(ctx context.Context, r *retry.Handle, fn func(context.Context) error) error {
	if !r.BeginFast() {
		if err := r.Begin(); err != nil {
			return err
		}
	}
	for attempt := 1; ; attempt++ {
		err := fn(withAttempt(ctx, attempt))
		if err == nil {
			return nil
		}
		noteAttempt(ctx, err)
		if err = r.Next(ctx, attempt, err); err != nil {
			return err
		}
	}
}

// attemptKey is the key of the attempt's number in the ctx of an attempt.
type attemptKey struct{}

// Attempt returns the number of the attempt of the innermost loop that ctx
// belongs to: 1, 2, 3, ...; outside a loop it returns 1.
func Attempt(ctx context.Context) int {
	if ctx != nil {
		if number, ok := ctx.Value(attemptKey{}).(int); ok {
			return number
		}
	}
	return 1
}

// withAttempt returns the ctx of an attempt. The first attempt uses ctx itself,
// unless ctx belongs to a later attempt of an outer loop.
func withAttempt(ctx context.Context, number int) context.Context {
	if Attempt(ctx) == number {
		return ctx
	}
	return context.WithValue(ctx, attemptKey{}, number)
}
