package api

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/messages"
)

// Retry is a named retry policy. Its actor decides after each failed attempt;
// the attempts run, and wait, in the caller. A call that succeeds at its first
// attempt sends no message and allocates nothing. All methods may be called by
// many goroutines at once.
type Retry struct {
	sys    *System
	handle *retry.Handle
}

// Retry returns the retry policy of that name, and makes it if there is none.
// A policy that exists keeps its settings: a WARN names those that differ from
// cfg. Bad settings are a *ConfigError; after Shutdown a new name is ErrShutdown.
func (s *System) Retry(name string, cfg RetryConfig) (*Retry, error) {
	if !s.isMade() {
		return nil, noSystem("retry", name)
	}
	cfg, err := retry.Checked(name, cfg)
	if err != nil {
		return nil, err
	}
	r, existed, err := s.retries.GetOrMake(name, func() (*Retry, error) {
		if s.isClosing() {
			return nil, ErrShutdown
		}
		handle, err := retry.New(s.sys, name, cfg)
		return &Retry{sys: s, handle: handle}, err
	})
	if err != nil {
		return nil, err
	}
	if existed {
		s.warnIfDifferent("retry", name, r.Config(), cfg)
	}
	return r, nil
}

// LookupRetry returns the retry policy of that name, if there is one.
func (s *System) LookupRetry(name string) (*Retry, bool) {
	if !s.isMade() {
		return nil, false
	}
	return s.retries.Get(name)
}

func (r *Retry) policy() {}

// Name returns the name of the policy; "" for a nil *Retry.
func (r *Retry) Name() string {
	if !r.isMade() {
		return ""
	}
	return r.handle.Name()
}

// Config returns the settings in force, defaults filled in; the zero value for
// a nil *Retry.
func (r *Retry) Config() RetryConfig {
	if !r.isMade() {
		return RetryConfig{}
	}
	return r.handle.Config()
}

// Configure replaces the settings, live: they count from the next decision on,
// also for calls that are between their attempts. Statistics are kept, and so
// is what the budget has seen. The errors are a *ConfigError, which leaves the
// settings as they were, and ErrShutdown.
func (r *Retry) Configure(cfg RetryConfig) error {
	if !r.isMade() {
		return errNotMade()
	}
	return r.handle.Configure(cfg)
}

// Stats asks the policy's actor for what it has counted. The error is
// ErrShutdown, or a *ConfigError for a *Retry that did not come from System.Retry.
func (r *Retry) Stats() (RetryStats, error) {
	if !r.isMade() {
		return RetryStats{}, errNotMade()
	}
	return r.handle.Stats()
}

// isMade reports whether r came from System.Retry.
func (r *Retry) isMade() bool { return r != nil && r.handle != nil }

func errNotMade() error {
	return &ConfigError{Kind: "retry", Field: "Retry", Problem: "must come from System.Retry"}
}

// Run runs fn until an attempt succeeds, or the policy gives up. It returns
//   - nil, when an attempt succeeded;
//   - fn's error as it is, when it is not one to retry;
//   - a *RetryError, when the policy gave up;
//   - ctx's error, when ctx was done before the first attempt: fn is not run;
//   - ErrShutdown, when the system was shut down before: fn is not run;
//   - a *ConfigError, when ctx or fn is nil, or r did not come from System.Retry.
func (r *Retry) Run(ctx context.Context, fn func(context.Context) error) error {
	if fn == nil {
		return &ConfigError{Kind: "retry", Name: r.Name(), Field: "fn", Problem: "must not be nil"}
	}
	if err := r.checkCall(ctx); err != nil {
		return err
	}
	return r.guard(ctx, fn)
}

// guard is Run for a call whose ctx and fn have been looked at.
func (r *Retry) guard(ctx context.Context, fn func(context.Context) error) error {
	if !r.isMade() {
		return errNotMade()
	}
	if !r.handle.Counts() {
		if err := r.handle.Begin(); err != nil {
			return err
		}
	}
	for attempt := 1; ; attempt++ {
		err := fn(withAttempt(ctx, attempt))
		if err == nil {
			return nil
		}
		if err = r.again(ctx, attempt, err); err != nil {
			return err
		}
	}
}

// checkCall tells why a call must not begin.
func (r *Retry) checkCall(ctx context.Context) error {
	if !r.isMade() {
		return errNotMade()
	}
	if ctx == nil {
		return &ConfigError{Kind: "retry", Name: r.Name(), Field: "ctx", Problem: "must not be nil"}
	}
	return ctx.Err()
}

// again asks the owner what follows the attempt that failed with err, and
// waits if it must. It returns nil when another attempt is due, else what the
// call returns.
func (r *Retry) again(ctx context.Context, attempt int, err error) error {
	noteAttempt(ctx, err)
	cfg := r.handle.Settings()
	retryable := isRetryable(cfg.Retryable, err)
	now := time.Now()
	verdict, failed := r.handle.Failed(messages.Attempt{
		At: now, Number: attempt, Retryable: retryable, RetryAfter: wishOf(err), Deadline: deadlineOf(ctx, now),
	})
	switch {
	case !retryable:
		return err
	case errors.Is(failed, ErrShutdown):
		return r.giveUp(attempt, messages.ReasonShutdown, err)
	case failed != nil:
		return r.giveUp(attempt, messages.ReasonCrashed, err)
	case verdict.Again:
		return r.wait(ctx, cfg, attempt, verdict.Delay, err)
	case verdict.Reason == messages.ReasonDeadline && errors.Is(ctx.Err(), context.Canceled):
		return r.giveUp(attempt, messages.ReasonCancelled, err)
	}
	return r.giveUp(attempt, verdict.Reason, err)
}

// wait announces the next attempt and waits for it, at most until ctx ends or
// the system is shut down.
func (r *Retry) wait(ctx context.Context, cfg *RetryConfig, attempt int, delay time.Duration, err error) error {
	r.sys.sys.Emit(messages.Retrying{
		Name: r.Name(), Attempt: attempt, MaxAttempts: cfg.MaxAttempts, Delay: delay, Err: err, At: time.Now(),
	})
	if cfg.OnRetry != nil {
		cfg.OnRetry(err, attempt, delay)
	}
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-r.sys.sys.Closing():
	}
	switch ended := ctx.Err(); { // more than one may have come at once
	case errors.Is(ended, context.DeadlineExceeded):
		return r.giveUp(attempt, messages.ReasonDeadline, err)
	case ended != nil:
		return r.giveUp(attempt, messages.ReasonCancelled, err)
	case r.sys.isClosing():
		return r.giveUp(attempt, messages.ReasonShutdown, err)
	}
	return nil
}

func (r *Retry) giveUp(attempts int, reason string, err error) error {
	r.sys.sys.Emit(messages.RetryExhausted{Name: r.Name(), Attempts: attempts, Reason: reason, Err: err, At: time.Now()})
	return &RetryError{Name: r.Name(), Attempts: attempts, Reason: reason, Err: err}
}

// deadlineOf returns when the caller stops waiting: for one whose ctx is done
// that is now.
func deadlineOf(ctx context.Context, now time.Time) time.Time {
	if ctx.Err() != nil {
		return now
	}
	deadline, _ := ctx.Deadline()
	return deadline
}
