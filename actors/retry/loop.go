package retry

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// This file is what the loop of attempts uses of a policy. All of it, and the wait
// between two attempts, runs in the caller's goroutine.

// BeginFast counts a call that begins. It returns false, and counts nothing, if
// the policy has a budget or is closed: call Begin then. The compiler inlines it.
func (h *Handle) BeginFast() bool {
	if h.closed.Load() || h.settings.Load().recent != nil {
		return false
	}
	h.calls.Add(1)
	return true
}

// Begin counts a call that begins. It sends no message, does not allocate, and
// reads the clock only if there is a budget. After Close it returns ErrShutdown.
func (h *Handle) Begin() error {
	if h.closed.Load() {
		return messages.ErrShutdown
	}
	h.calls.Add(1)
	if t := h.settings.Load().recent; t != nil {
		t.add(time.Since(t.origin), 1)
	}
	return nil
}

// Next asks the owner what follows after an attempt has failed with err. If that
// is another attempt, Next waits until it is due and returns nil. Otherwise it
// returns the error of the call: err itself if it must not be retried, else a
// *messages.RetryError.
func (h *Handle) Next(ctx context.Context, attempt int, err error) error {
	cfg := &h.settings.Load().cfg
	retryable := cfg.retries(err)
	now := time.Now()
	verdict, failed := h.failed(messages.Attempt{
		At: now, Number: attempt, Retryable: retryable, RetryAfter: messages.MarksOf(err).RetryAfter, Deadline: deadlineOf(ctx, now),
	})
	switch {
	case !retryable:
		return err
	case errors.Is(failed, messages.ErrShutdown):
		return h.giveUp(ctx, attempt, messages.ReasonShutdown, err)
	case failed != nil:
		return h.giveUp(ctx, attempt, messages.ReasonCrashed, err)
	case verdict.Again:
		return h.wait(ctx, cfg, attempt, verdict.Delay, err)
	case verdict.Reason == messages.ReasonDeadline && errors.Is(ctx.Err(), context.Canceled):
		return h.giveUp(ctx, attempt, messages.ReasonCancelled, err)
	}
	return h.giveUp(ctx, attempt, verdict.Reason, err)
}

// failed asks the owner what to do after an attempt has failed. It fills in
// a.Calls. The errors are ErrShutdown and ErrCrashed.
func (h *Handle) failed(a messages.Attempt) (messages.Verdict, error) {
	o, err := h.owner.Get(h.spawn)
	if err != nil {
		return messages.Verdict{}, err
	}
	if t := h.settings.Load().recent; t != nil {
		a.Calls = t.sum(a.At.Sub(t.origin))
	}
	return o.attempts.Ask(context.Background(), o.bench.Address, a)
}

// wait emits a Retrying, calls OnRetry, and waits for delay. If ctx ends or the
// system is shut down before, it gives up.
func (h *Handle) wait(ctx context.Context, cfg *Config, attempt int, delay time.Duration, err error) error {
	if h.host.NoteCall(ctx, h.name, messages.CallRetried, err) {
		h.host.EmitCall(ctx, h.name, messages.Retrying{
			Name: h.name, Attempt: attempt, MaxAttempts: cfg.MaxAttempts, Delay: delay, Err: err, At: time.Now(),
		})
	}
	if cfg.OnRetry != nil {
		cfg.OnRetry(err, attempt, delay)
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-h.host.Closing():
	}
	switch ended := ctx.Err(); { // more than one channel may have been ready
	case errors.Is(ended, context.DeadlineExceeded):
		return h.giveUp(ctx, attempt, messages.ReasonDeadline, err)
	case ended != nil:
		return h.giveUp(ctx, attempt, messages.ReasonCancelled, err)
	case isClosed(h.host.Closing()):
		return h.giveUp(ctx, attempt, messages.ReasonShutdown, err)
	}
	return nil
}

// giveUp emits a RetryExhausted and returns the *messages.RetryError of the call.
func (h *Handle) giveUp(ctx context.Context, attempts int, reason string, err error) error {
	if h.host.NoteCall(ctx, h.name, messages.CallGaveUp, err) {
		h.host.EmitCall(ctx, h.name, messages.RetryExhausted{Name: h.name, Attempts: attempts, Reason: reason, Err: err, At: time.Now()})
	}
	return &messages.RetryError{Name: h.name, Attempts: attempts, Reason: reason, Err: err}
}

// deadlineOf returns the deadline of ctx; zero: none. If ctx is done, that is now.
func deadlineOf(ctx context.Context, now time.Time) time.Time {
	if ctx.Err() != nil {
		return now
	}
	deadline, _ := ctx.Deadline()
	return deadline
}
