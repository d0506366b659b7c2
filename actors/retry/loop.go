package retry

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// This file is a policy as the loop of attempts sees it. It runs in the caller's
// goroutine, and so does the wait between two attempts.

// BeginFast counts a call that begins, if there is nothing else to do; false:
// call Begin. The compiler inlines it.
func (h *Handle) BeginFast() bool {
	if h.closed.Load() || h.settings.Load().tally != nil {
		return false
	}
	h.calls.Add(1)
	return true
}

// Begin counts a call that begins. It sends no message and allocates nothing,
// and reads the clock only when there is a budget. Once the system is shut
// down it returns ErrShutdown.
func (h *Handle) Begin() error {
	if h.closed.Load() {
		return messages.ErrShutdown
	}
	h.calls.Add(1)
	if t := h.settings.Load().tally; t != nil {
		t.add(time.Since(t.origin), 1)
	}
	return nil
}

// Next asks the owner what follows an attempt that failed with err, and waits
// for the next attempt if there is one. It returns nil when that is due, else
// the error that the call returns.
func (h *Handle) Next(ctx context.Context, attempt int, err error) error {
	cfg := &h.settings.Load().cfg
	retryable := cfg.retries(err)
	now := time.Now()
	verdict, failed := h.failed(messages.Attempt{
		At: now, Number: attempt, Retryable: retryable, RetryAfter: retryAfterOf(err), Deadline: deadlineOf(ctx, now),
	})
	switch {
	case !retryable:
		return err
	case errors.Is(failed, messages.ErrShutdown):
		return h.giveUp(attempt, messages.ReasonShutdown, err)
	case failed != nil:
		return h.giveUp(attempt, messages.ReasonCrashed, err)
	case verdict.Again:
		return h.wait(ctx, cfg, attempt, verdict.Delay, err)
	case verdict.Reason == messages.ReasonDeadline && errors.Is(ctx.Err(), context.Canceled):
		return h.giveUp(attempt, messages.ReasonCancelled, err)
	}
	return h.giveUp(attempt, verdict.Reason, err)
}

// failed asks the owner what to do after an attempt failed. It fills in the
// number of calls itself. The errors are ErrShutdown and ErrCrashed.
func (h *Handle) failed(a messages.Attempt) (messages.Verdict, error) {
	o, err := h.owner.Get(h.spawn)
	if err != nil {
		return messages.Verdict{}, err
	}
	if t := h.settings.Load().tally; t != nil {
		a.Calls = t.sum(a.At.Sub(t.origin))
	}
	return o.attempts.Ask(context.Background(), o.bench.Address, a)
}

// wait announces the next attempt and waits for it, at most until ctx ends or
// the system is shut down.
func (h *Handle) wait(ctx context.Context, cfg *Config, attempt int, delay time.Duration, err error) error {
	h.host.Emit(messages.Retrying{
		Name: h.name, Attempt: attempt, MaxAttempts: cfg.MaxAttempts, Delay: delay, Err: err, At: time.Now(),
	})
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
	switch ended := ctx.Err(); { // more than one may have come at once
	case errors.Is(ended, context.DeadlineExceeded):
		return h.giveUp(attempt, messages.ReasonDeadline, err)
	case ended != nil:
		return h.giveUp(attempt, messages.ReasonCancelled, err)
	case isClosed(h.host.Closing()):
		return h.giveUp(attempt, messages.ReasonShutdown, err)
	}
	return nil
}

func (h *Handle) giveUp(attempts int, reason string, err error) error {
	h.host.Emit(messages.RetryExhausted{Name: h.name, Attempts: attempts, Reason: reason, Err: err, At: time.Now()})
	return &messages.RetryError{Name: h.name, Attempts: attempts, Reason: reason, Err: err}
}

// deadlineOf returns when the caller stops waiting. If its ctx is done, that is
// now.
func deadlineOf(ctx context.Context, now time.Time) time.Time {
	if ctx.Err() != nil {
		return now
	}
	deadline, _ := ctx.Deadline()
	return deadline
}
