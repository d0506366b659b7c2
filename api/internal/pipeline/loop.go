package pipeline

import (
	"context"
	"errors"

	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/messages"
)

// RunRetry runs fn until an attempt succeeds or the policy gives up. The policy
// decides and waits; it never receives fn.
func RunRetry(ctx context.Context, r *retry.Handle, fn func(context.Context) error) error {
	return runRetry(ctx, r, fn, false)
}

// runRetry is RunRetry. inLine reports that nothing of the user's runs between the
// timeouts around and the loop. A call that only counts, and succeeds at its first
// attempt, needs no more than what is here.
func runRetry(ctx context.Context, r *retry.Handle, fn func(context.Context) error, inLine bool) error {
	if !r.BeginFast() {
		call := retry.Attempts{Number: 1}
		if err := r.Begin(ctx, &call); err != nil {
			return err
		}
		in := withAttempt(ctx, 1, inLine)
		return runAttempts(ctx, in, r, fn, inLine, &call, runAttempt(in, r, &call, fn))
	}
	in := withAttempt(ctx, 1, inLine)
	err := fn(in)
	if err == nil {
		return nil
	}
	return runAttempts(ctx, in, r, fn, inLine, &retry.Attempts{Number: 1}, err)
}

// runAttempts goes on with a call after its current attempt, whose ctx was in, has
// returned err.
func runAttempts(ctx, in context.Context, r *retry.Handle, fn func(context.Context) error, inLine bool, call *retry.Attempts, err error) error {
	for err != nil {
		attemptFailed(ctx, in, call.Failed(err))
		if err = r.Next(ctx, in, call, err); err != nil {
			return err
		}
		in = withAttempt(ctx, call.Number, inLine)
		err = runAttempt(in, r, call, fn)
	}
	r.Succeeded(in, call)
	return nil
}

// runAttempt runs an attempt. If the call is observed and fn does not return, that is
// reported.
func runAttempt(ctx context.Context, r *retry.Handle, call *retry.Attempts, fn func(context.Context) error) error {
	if !call.Observed {
		return fn(ctx)
	}
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
// attempt was refused and did not run. The compiler inlines it.
func Kept[T any](v T, err error) T {
	if err != nil && lastWasRefused(err) {
		var none T
		return none
	}
	return v
}

// lastWasRefused reports whether err is that of a loop whose last attempt was refused.
func lastWasRefused(err error) bool {
	e, ok := errors.AsType[*messages.RetryError](err)
	return ok && messages.IsRefused(e)
}
