package pipeline

import (
	"context"

	"github.com/understudy-go/understudy/actors/retry"
)

// RunRetry runs fn until an attempt succeeds, or the policy gives up. The policy
// decides and waits; it never sees fn.
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

// attemptKey is where a ctx carries the number of the attempt it is for.
type attemptKey struct{}

// Attempt returns which attempt of the innermost loop this ctx is for: 1, 2, 3,
// ...; 1 anywhere else.
func Attempt(ctx context.Context) int {
	if ctx != nil {
		if number, ok := ctx.Value(attemptKey{}).(int); ok {
			return number
		}
	}
	return 1
}

// withAttempt returns ctx for that attempt. A first attempt needs no mark,
// unless it is within an attempt of another loop.
func withAttempt(ctx context.Context, number int) context.Context {
	if Attempt(ctx) == number {
		return ctx
	}
	return context.WithValue(ctx, attemptKey{}, number)
}
