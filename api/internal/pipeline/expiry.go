package pipeline

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// This file is what a timeout returns and emits when it fires.

func (t Timeout) operation() string { return cmp.Or(t.Operation, "operation") }

// fired emits TimedOut for the error of a timeout, and returns that error.
func fired(ctx context.Context, runtime Runtime, e *messages.TimeoutError) *messages.TimeoutError {
	if runtime != nil && runtime.NoteCall(ctx, "", messages.CallTimedOut, e) {
		runtime.EmitCall(ctx, "", messages.TimedOut{Operation: e.Operation, Limit: e.Limit, At: time.Now()})
	}
	return e
}

// noteAttempt stores the error of a failed attempt in the enclosing timeouts. If
// one of them fires, its error reports the attempt's error as the cause.
func noteAttempt(ctx context.Context, err error) {
	d, _ := ctx.Value(deadlineKey{}).(*deadlineContext)
	for ; d != nil; d = d.outer {
		if d.Err() != nil {
			continue
		}
		d.mu.Lock()
		d.lockedExtras().lastAttempt = err
		d.mu.Unlock()
	}
}

// timeoutError returns the error of a timeout that fired. Its cause is the last
// attempt that failed; without one, the error that the call returned.
func (d *deadlineContext) timeoutError(t Timeout, err error) *messages.TimeoutError {
	d.mu.Lock()
	defer d.mu.Unlock()
	if last := d.lockedExtras().lastAttempt; last != nil {
		err = last
	}
	if r, ok := err.(*messages.RetryError); ok { // it reports only that this deadline passed: report its cause
		err = r.Err
	}
	if err == context.DeadlineExceeded { // adds nothing to TimeoutError
		err = nil
	}
	return &messages.TimeoutError{Operation: t.operation(), Limit: t.Limit, Err: err}
}

// asTimeout returns a TimeoutError in place of err, and emits it, if err reports
// that the limit has passed and the caller has no earlier deadline. Otherwise it
// returns err.
func (d *deadlineContext) asTimeout(runtime Runtime, t Timeout, err error) (result error, hasFired bool) {
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || !d.passed() {
		return err, false
	}
	if callers, ok := d.Context.Deadline(); ok && callers.Before(d.limitAt()) {
		return err, false
	}
	return fired(d.Context, runtime, d.timeoutError(t, err)), true
}
