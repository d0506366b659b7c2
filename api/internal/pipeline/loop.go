package pipeline

import (
	"context"

	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/messages"
)

// RunRetry runs fn until an attempt succeeds or the policy gives up. The policy
// decides and waits; it never receives fn.
func RunRetry(ctx context.Context, r *retry.Handle, fn func(context.Context) error) error {
	return runRetry(ctx, r, fn, false)
}

// runRetry is RunRetry. inLine reports that nothing of the user's runs between the
// timeouts around and the loop.
func runRetry(ctx context.Context, r *retry.Handle, fn func(context.Context) error, inLine bool) error {
	if !r.BeginFast() {
		if err := r.Begin(); err != nil {
			return err
		}
	}
	for attempt := 1; ; attempt++ {
		in := withAttempt(ctx, attempt, inLine)
		err := fn(in)
		if err == nil {
			return nil
		}
		attemptFailed(ctx, in, err)
		if err = r.Next(ctx, attempt, err); err != nil {
			return err
		}
	}
}

// attemptFailed releases what a failed attempt holds, and stores its error in the
// timeouts around. If one of them fires, its error reports the attempt's error as
// the cause. ctx is that of the loop, in that of the attempt.
func attemptFailed(ctx, in context.Context, err error) {
	if s := scopeOf(in); s != nil {
		s.holds().release()
	}
	for d := around(ctx).timeout; d != nil; d = d.outerTimeout {
		d.noteAttempt(err)
	}
}

// Kept returns v, the value beside err of the attempt that ran last; zero if a later
// attempt was refused and did not run.
func Kept[T any](v T, err error) T {
	if _, ok := err.(*messages.RetryError); ok && messages.IsRefused(err) {
		var none T
		return none
	}
	return v
}
