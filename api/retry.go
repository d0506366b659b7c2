package api

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/api/internal/pipeline"
)

// RetryConfig is how a retry policy behaves. The zero value of a field means
// its default.
type RetryConfig struct {
	MaxAttempts   int           // the first one included; default 3
	InitialDelay  time.Duration // before the second attempt; default 1 s (1 ns for none)
	BackoffFactor float64       // each wait is so many times the one before; default 2, at least 1
	MaxDelay      time.Duration // no wait is longer, jitter and RetryAfter included; default 60 s
	Jitter        Jitter        // spreads callers that failed together; default JitterProportional: ±25 %

	// Retryable decides which errors are retried. It runs in the caller. Default: all except context.Canceled,
	// ErrCircuitOpen, ErrShutdown and those marked by Permanent.
	Retryable func(error) bool
	// OnRetry runs in the caller before each wait; attempt is the one that failed. Default: none.
	OnRetry func(err error, attempt int, delay time.Duration)
	// Budget bounds the retries of all calls of the policy together. Default nil: no budget.
	Budget *RetryBudget
}

// RetryBudget bounds the retries of all calls of a policy together, so that a
// dependency in trouble is not buried under retries: in any Window at most
// Ratio × the calls begun in it, plus MinPerSecond × its seconds.
type RetryBudget struct {
	Ratio        float64       // retries allowed per call over Window; 0 or more
	MinPerSecond float64       // always allowed on top; 0 or more
	Window       time.Duration // what Ratio looks back on; default 10 s
}

// settings returns c as the policy's owner has it.
func (c RetryConfig) settings() retry.Config {
	return retry.Config{
		MaxAttempts: c.MaxAttempts, InitialDelay: c.InitialDelay, BackoffFactor: c.BackoffFactor, MaxDelay: c.MaxDelay,
		Jitter: c.Jitter, Retryable: c.Retryable, OnRetry: c.OnRetry, Budget: (*retry.Budget)(c.Budget),
	}
}

// retryConfig is the way back. The caller owns what s points to.
func retryConfig(s retry.Config) RetryConfig {
	return RetryConfig{
		MaxAttempts: s.MaxAttempts, InitialDelay: s.InitialDelay, BackoffFactor: s.BackoffFactor, MaxDelay: s.MaxDelay,
		Jitter: s.Jitter, Retryable: s.Retryable, OnRetry: s.OnRetry, Budget: (*RetryBudget)(s.Budget),
	}
}

// Delay returns a wait after that attempt (1, 2, 3, ...) failed, jitter
// included: drawn anew at each call, from 0 to MaxDelay. Unset fields count as
// their defaults. It never overflows.
func (c RetryConfig) Delay(attempt int) time.Duration { return c.settings().Delay(attempt) }

// Jitter spreads the waits of callers that failed together. The zero value is
// JitterProportional.
type Jitter = retry.Jitter

// The jitters of a wait d.
const (
	JitterProportional = retry.JitterProportional // ±25 % of d; the default
	JitterNone         = retry.JitterNone         // d exactly
	JitterFull         = retry.JitterFull         // 0 to d
	JitterEqual        = retry.JitterEqual        // d/2 to d
)

// RetryStats is what a retry policy has counted since it was made.
type RetryStats struct {
	Name      string
	Calls     uint64 // calls begun
	Retries   uint64 // second and later attempts allowed
	Exhausted uint64 // calls given up because no attempts were left
	Throttled uint64 // calls given up because the budget was spent
}

// Permanent marks err as not to be retried, whatever Retryable says. The mark
// reads like err and unwraps to it. Permanent(nil) is nil.
func Permanent(err error) error { return retry.Permanent(err) }

// RetryAfter makes the next wait the longer of delay and the back-off. No
// jitter is added to delay, and the wait is capped at MaxDelay. The mark reads
// like err and unwraps to it. RetryAfter(nil, delay) is nil.
func RetryAfter(err error, delay time.Duration) error { return retry.After(err, delay) }

// Retry is a named retry policy. Its actor decides after each failed attempt;
// the attempts run, and wait, in the caller. A call that succeeds at its first
// attempt sends no message and allocates nothing. Get one from System.Retry.
// Safe for concurrent use.
type Retry struct {
	sys    *System
	handle *retry.Handle
}

// Retry returns the retry policy of that name, and makes it if there is none.
// A policy that exists keeps its settings: a WARN names those that differ from
// cfg. Bad settings are a *ConfigError; after Shutdown a new name is ErrShutdown.
func (s *System) Retry(name string, cfg RetryConfig) (*Retry, error) {
	if !s.valid() {
		return nil, noSystem("retry", name)
	}
	settings, err := retry.Checked(name, cfg.settings())
	if err != nil {
		return nil, err
	}
	r, existed, err := s.retries.GetOrMake(name, func() (*Retry, error) {
		if s.isClosing() {
			return nil, ErrShutdown
		}
		handle, err := retry.New(s.runtime, name, settings)
		return &Retry{sys: s, handle: handle}, err
	})
	if err != nil {
		return nil, err
	}
	if existed {
		s.warnIfDifferent("retry", name, r.handle.Config(), settings)
	}
	return r, nil
}

// LookupRetry returns the retry policy of that name, if there is one.
func (s *System) LookupRetry(name string) (*Retry, bool) {
	if !s.valid() {
		return nil, false
	}
	return s.retries.Get(name)
}

// Retries returns all retry policies, sorted by name.
func (s *System) Retries() []*Retry {
	if !s.valid() {
		return nil
	}
	return s.retries.Sorted()
}

func (r *Retry) stage() pipeline.Stage {
	if !r.valid() {
		return pipeline.Stage{Shape: pipeline.IsUnusable, Err: errInvalidRetry}
	}
	return pipeline.Stage{Shape: pipeline.IsRetry, Retry: r.handle, Runtime: r.sys.runtime}
}

// valid reports whether r came from System.Retry.
func (r *Retry) valid() bool { return r != nil && r.handle != nil }

var errInvalidRetry error = &ConfigError{Kind: "retry", Field: "Retry", Problem: "must come from System.Retry"}

// Name returns the name of the policy; "" for a nil *Retry.
func (r *Retry) Name() string {
	if !r.valid() {
		return ""
	}
	return r.handle.Name()
}

// Config returns the settings in force, defaults filled in; the zero value for
// a nil *Retry.
func (r *Retry) Config() RetryConfig {
	if !r.valid() {
		return RetryConfig{}
	}
	return retryConfig(r.handle.Config())
}

// Configure replaces the settings, live: they count from the next decision on,
// also for calls that are between their attempts. Statistics are kept, and so
// is what the budget has seen. The errors are a *ConfigError, which leaves the
// settings as they were, and ErrShutdown.
func (r *Retry) Configure(cfg RetryConfig) error {
	if !r.valid() {
		return errInvalidRetry
	}
	return r.handle.Configure(cfg.settings())
}

// Stats asks the policy's actor for what it has counted. The error is
// ErrShutdown, or a *ConfigError for a *Retry that did not come from System.Retry.
func (r *Retry) Stats() (RetryStats, error) {
	if !r.valid() {
		return RetryStats{}, errInvalidRetry
	}
	stats, err := r.handle.Stats()
	return RetryStats(stats), err
}

// Run runs fn until an attempt succeeds, or the policy gives up. It returns
//   - nil, when an attempt succeeded;
//   - fn's error as it is, when it is not one to retry;
//   - a *RetryError, when the policy gave up;
//   - ctx's error, when ctx was done before the first attempt: fn is not run;
//   - ErrShutdown, when the system was shut down before: fn is not run;
//   - a *ConfigError, when ctx or fn is nil, or r did not come from System.Retry.
func (r *Retry) Run(ctx context.Context, fn func(context.Context) error) error {
	if !r.valid() {
		return errInvalidRetry
	}
	if err := pipeline.Validate(ctx, fn == nil); err != nil {
		return err
	}
	return pipeline.RunRetry(ctx, r.handle, fn)
}
