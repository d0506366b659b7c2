package retry

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// This file is what the loop of attempts uses of a policy. All of it, and the wait
// between two attempts, runs in the caller's goroutine.

// Attempts is where a call stands: the number of the current attempt, and what came
// of those before it. Begin it with the Number 1.
type Attempts struct {
	Number   int
	Observed bool      // OnCall wants the end of each attempt: Start each
	began    time.Time // of the current attempt, if Observed
	failure  error     // of the last attempt that was not refused; nil: none
	refusal  error     // of the last attempt, if that was refused
}

// BeginFast counts a call that begins. If it returns false, nothing is counted, and
// Begin must be called. The compiler inlines it.
func (h *Handle) BeginFast() bool {
	if h.closed.Load() || !h.settings.Load().plain {
		return false
	}
	h.calls.Add(1)
	return true
}

// Begin counts a call that begins. It sends no message, does not allocate, and
// reads the clock only if there is a budget. After Close it returns ErrShutdown.
func (h *Handle) Begin(ctx context.Context, a *Attempts) error {
	a.Observed = h.shared.OnCall != nil
	if h.closed.Load() {
		if a.Observed {
			h.shared.OnCall(ctx, messages.CallEnd{Kind: kind.Name, Name: h.name, Outcome: messages.Ignored, Refused: true, Err: messages.ErrShutdown})
		}
		return messages.ErrShutdown
	}
	h.calls.Add(1)
	if t := h.settings.Load().recent; t != nil {
		t.add(time.Since(t.origin), 1)
	}
	return nil
}

// Start notes when an observed attempt starts.
func (a *Attempts) Start() { a.began = time.Now() }

// Succeeded reports that the current attempt succeeded. ctx is that of the attempt.
func (h *Handle) Succeeded(ctx context.Context, a *Attempts) {
	if a.Number > 1 {
		h.recovered.Add(1)
	}
	if a.Observed {
		h.report(ctx, a, time.Now(), messages.Success, nil)
	}
}

// Exited reports that the function of the current attempt did not return. ctx is
// that of the attempt.
func (h *Handle) Exited(ctx context.Context, a *Attempts) {
	h.report(ctx, a, time.Now(), messages.Failure, nil)
}

// report reports the end of an observed attempt to OnCall. If its caller has left, a
// Failure is Ignored.
func (h *Handle) report(ctx context.Context, a *Attempts, ended time.Time, o messages.Outcome, err error) {
	if o == messages.Failure && messages.IsCancelled(ctx) {
		o = messages.Ignored
	}
	h.shared.OnCall(ctx, messages.CallEnd{Kind: kind.Name, Name: h.name, Outcome: o, Duration: ended.Sub(a.began), Err: err})
}

// Failed notes that the current attempt has failed with err. It returns err without
// its marks.
func (a *Attempts) Failed(err error) (unmarked error) {
	unmarked = messages.WithoutMarks(err)
	if isRefusal(err) {
		a.refusal = unmarked
	} else {
		a.failure, a.refusal = unmarked, nil
	}
	return unmarked
}

// last returns the error of the current attempt without its marks.
func (a *Attempts) last() error { return cmp.Or(a.refusal, a.failure) }

// Next decides what follows after the current attempt has failed with err, as Failed
// has noted. If that is another attempt, Next waits until it is due and returns nil.
// Otherwise it returns the error of the call without its marks: err if it must not be
// retried, else a *messages.RetryError. within is the ctx of the attempt.
func (h *Handle) Next(ctx, within context.Context, a *Attempts, err error) error {
	cfg, verdict, failed := h.judge(ctx, within, a, err)
	switch {
	case verdict.Reason == messages.ReasonNotRetryable && a.failure != nil && a.refusal != nil:
		return h.giveUp(ctx, a, messages.ReasonRefused)
	case verdict.Reason == messages.ReasonNotRetryable:
		return a.last()
	case errors.Is(failed, messages.ErrShutdown):
		return h.giveUp(ctx, a, messages.ReasonShutdown)
	case failed != nil:
		return h.giveUp(ctx, a, messages.ReasonCrashed)
	case verdict.Again:
		return h.wait(ctx, cfg, a, verdict.Delay, err)
	case verdict.Reason == messages.ReasonDeadline && errors.Is(messages.Ended(ctx), context.Canceled):
		return h.giveUp(ctx, a, messages.ReasonCancelled)
	}
	return h.giveUp(ctx, a, verdict.Reason)
}

// judge asks the owner what follows after the current attempt has failed with err. It
// returns the answer and the settings that it depends on. The errors are ErrShutdown
// and ErrCrashed; if err must not be retried there is none.
func (h *Handle) judge(ctx, within context.Context, a *Attempts, err error) (cfg *Config, v messages.Verdict, failed error) {
	now, newest := time.Now(), messages.Newest(err)
	q := messages.Attempt{
		At: now, Number: a.Number, Deadline: deadlineOf(ctx, now),
		RetryAfter: max(messages.MarksOf(newest).RetryAfter, messages.WaitOf(newest)),
	}
	if a.Observed {
		defer func() {
			outcome := messages.Failure // also if the user's code panics
			if v.Reason == messages.ReasonNotRetryable {
				outcome = messages.Ignored
			}
			h.report(within, a, now, outcome, a.last())
		}()
	}
	for v.Replaced = true; v.Replaced; {
		s := h.settings.Load()
		cfg, q.Settings = &s.cfg, s.number
		q.Retryable = cfg.retries(newest)
		if q.Retryable && !cfg.isLast(a.Number) {
			q.Backoff = cfg.backoff(a.Number, err)
		}
		v, failed = h.failed(q)
	}
	if failed != nil && !q.Retryable {
		return cfg, messages.Verdict{Reason: messages.ReasonNotRetryable}, nil
	}
	return cfg, v, failed
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
// system is shut down before, it gives up. Else the next attempt is the current one.
func (h *Handle) wait(ctx context.Context, cfg *Config, a *Attempts, delay time.Duration, err error) error {
	host := h.shared.Host
	if host.NoteCall(ctx, h.name, messages.CallRetried, err) {
		host.EmitCall(ctx, h.name, messages.Retrying{
			Name: h.name, Attempt: a.Number, MaxAttempts: cfg.MaxAttempts, Delay: delay, Err: err, At: time.Now(),
		})
	}
	if cfg.OnRetry != nil {
		cfg.OnRetry(err, a.Number, delay)
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-host.Closing():
	}
	switch ended := messages.Ended(ctx); { // more than one channel may have been ready
	case errors.Is(ended, context.DeadlineExceeded):
		return h.giveUp(ctx, a, messages.ReasonDeadline)
	case ended != nil:
		return h.giveUp(ctx, a, messages.ReasonCancelled)
	case isClosed(host.Closing()):
		return h.giveUp(ctx, a, messages.ReasonShutdown)
	}
	a.Number++
	return nil
}

// giveUp emits a RetryExhausted and returns the *messages.RetryError of the call.
func (h *Handle) giveUp(ctx context.Context, a *Attempts, reason string) error {
	e := &messages.RetryError{Name: h.name, Attempts: a.Number, Reason: reason, Err: a.failure, Cause: a.refusal}
	if a.failure == nil {
		e.Err, e.Cause = a.refusal, nil
	}
	if reason == messages.ReasonCancelled || reason == messages.ReasonDeadline {
		e.Cause = joined(e.Cause, causeOf(ctx))
	}
	if h.shared.Host.NoteCall(ctx, h.name, messages.CallGaveUp, e.Err) {
		h.shared.Host.EmitCall(ctx, h.name, messages.RetryExhausted{Name: h.name, Attempts: a.Number, Reason: reason, Err: e.Err, At: time.Now()})
	}
	return e
}

// causeOf returns the cause with which ctx ended, if it has one of its own.
func causeOf(ctx context.Context) error {
	ended, cause := messages.Ended(ctx), context.Cause(ctx)
	if ended == nil || cause == nil || errors.Is(ended, cause) {
		return nil
	}
	return cause
}

// joined is errors.Join, which does not wrap a single error.
func joined(a, b error) error {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	return errors.Join(a, b)
}

// deadlineOf returns the deadline of ctx; zero: none. If ctx is done, that is now.
func deadlineOf(ctx context.Context, now time.Time) time.Time {
	if messages.Ended(ctx) != nil {
		return now
	}
	deadline, _ := ctx.Deadline()
	return deadline
}
