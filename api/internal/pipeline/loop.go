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
	call := retry.Attempts{Number: 1}
	if !r.BeginFast() {
		if err := r.Begin(ctx, &call); err != nil {
			return err
		}
	}
	for {
		within := withAttempt(ctx, call.Number, inLine)
		var err error
		if call.Observed {
			err = runObserved(within, r, &call, fn)
		} else {
			err = fn(within)
		}
		if err == nil {
			if call.Watched {
				r.Succeeded(within, &call)
			}
			return nil
		}
		attemptFailed(ctx, within, call.Failed(err))
		if err = r.Next(ctx, within, &call, err); err != nil {
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

// runObserved runs an attempt of an observed call, and reports it if fn does not
// return.
func runObserved(ctx context.Context, r *retry.Handle, call *retry.Attempts, fn func(context.Context) error) error {
	returned := false
	defer func() {
		if !returned {
			r.Exited(ctx, call)
		}
	}()
	call.Start()
	err := fn(ctx)
	returned = true
	return err
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
