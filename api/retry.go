package api

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/api/internal/pipeline"
)

// Unlimited, as RetryConfig.MaxAttempts, means that attempts follow until the ctx of
// the caller ends.
const Unlimited = -1

// RetryConfig holds the settings of a retry policy. A field that is zero means its
// default. The functions run in the goroutine of the caller, and may be called
// concurrently. If one panics, the panic reaches the caller.
type RetryConfig struct {
	MaxAttempts   int           // including the first; default 3; Unlimited: until ctx ends
	InitialDelay  time.Duration // before the second attempt; default 1 s (1 ns for none)
	BackoffFactor float64       // each delay is this factor times the one before; default 2, at least 1
	MaxDelay      time.Duration // the maximum of every wait, including jitter and RetryAfter; default 60 s
	Jitter        Jitter        // varies the delay at random; default JitterProportional: ±25 %

	// Backoff returns the delay after attempt (1, 2, 3, ...) failed with err, in place of InitialDelay and BackoffFactor.
	// Jitter and MaxDelay apply to it; a negative one is 0. Default none.
	Backoff func(attempt int, err error) time.Duration
	// Retryable reports whether an error is retried. Errors marked by Permanent are never retried. Of a *FallbackError
	// it is asked about the last error. If it returns true for a refusal, the retry waits for the circuit, see Run.
	// Default: all errors are retried, except those of which every leaf is context.Canceled or a refusal, and those that
	// are ErrShutdown.
	Retryable func(error) bool
	// Classify replaces Retryable, so that a breaker and a retry can share one function: a Failure is retried; an error
	// that is a Success or Ignored comes back as it is. It is not asked about nil, and not about refusals and
	// ErrShutdown, which are not retried. Setting both is a *ConfigError. Default none.
	Classify func(error) Outcome
	// OnRetry is called before each wait; attempt is the one that failed. Default none.
	OnRetry func(err error, attempt int, delay time.Duration)
	// Budget limits the retries of all calls of the policy together. Default nil: no budget.
	Budget *RetryBudget
}

// RetryBudget limits the retries of all calls of a policy together, so that retries
// do not overload a dependency that is failing. A retry is allowed if, with it, no
// more than Ratio × (calls that began in the last Window) + MinPerSecond × (seconds
// of Window) retries were allowed in the last Window. What a retry took comes back a
// Window later, or up to a tenth of it after that.
type RetryBudget struct {
	Ratio        float64       // retries per call; 0 or more
	MinPerSecond float64       // retries per second in addition; 0 or more
	Window       time.Duration // the span over which calls and retries are counted; default 10 s
}

// settings converts c to the type that the owner uses.
func (c RetryConfig) settings() retry.Config {
	return retry.Config{
		MaxAttempts: c.MaxAttempts, InitialDelay: c.InitialDelay, BackoffFactor: c.BackoffFactor, MaxDelay: c.MaxDelay,
		Jitter: c.Jitter, Backoff: c.Backoff, Retryable: c.Retryable, Classify: c.Classify, OnRetry: c.OnRetry,
		Budget: (*retry.Budget)(c.Budget),
	}
}

// retryConfig converts s to the type that users see. The result refers to the budget
// of s.
func retryConfig(s retry.Config) RetryConfig {
	return RetryConfig{
		MaxAttempts: s.MaxAttempts, InitialDelay: s.InitialDelay, BackoffFactor: s.BackoffFactor, MaxDelay: s.MaxDelay,
		Jitter: s.Jitter, Backoff: s.Backoff, Retryable: s.Retryable, Classify: s.Classify, OnRetry: s.OnRetry,
		Budget: (*RetryBudget)(s.Budget),
	}
}

// Delay returns how long to wait after the given attempt (1, 2, 3, ...) failed: from
// 0 to MaxDelay, with a new random jitter in each call. It never overflows. Backoff,
// if set, is called with a nil error.
func (c RetryConfig) Delay(attempt int) time.Duration { return c.settings().Delay(attempt) }

// Check returns the *ConfigError that System.Retry would return for these settings
// and that name, or nil. It changes nothing.
func (c RetryConfig) Check(name string) error {
	_, err := c.settings().Normalize(name)
	return err
}

// MarshalJSON returns the settings as JSON: names in snake_case, durations like
// "30s", and the Jitter as its text. Functions are left out.
func (c RetryConfig) MarshalJSON() ([]byte, error) { return asJSON(c) }

// MarshalYAML returns what a YAML encoder writes for the settings, as in JSON.
func (c RetryConfig) MarshalYAML() (any, error) { return asYAML(c) }

// RetryStats holds the counts of a retry policy since it was made.
type RetryStats struct {
	Name      string
	Calls     uint64 // calls that began
	Retries   uint64 // second and later attempts that were allowed
	Exhausted uint64 // calls that gave up because no attempts were left
	Throttled uint64 // calls that gave up because the budget was spent
	Recovered uint64 // calls that succeeded at a second or later attempt

	Waited time.Duration // the sum of all waits that were allowed
}

// MarshalJSON returns the counts as JSON: names in snake_case, and durations like
// "30s".
func (s RetryStats) MarshalJSON() ([]byte, error) { return asJSON(s) }

// MarshalYAML returns what a YAML encoder writes for the counts, as in JSON.
func (s RetryStats) MarshalYAML() (any, error) { return asYAML(s) }

// Retry is a named retry policy. After each failed attempt its actor decides whether
// another follows. Attempts and waits happen in the goroutine of the caller. A call
// that succeeds at its first attempt sends no message and allocates nothing. Get one
// from System.Retry. Safe for concurrent use.
type Retry struct {
	sys    *System
	handle *retry.Handle
}

// Retry returns the retry policy with that name, and makes it if there is none. An
// existing policy keeps its settings; a WARN names the fields in which cfg differs.
// An invalid name or setting is a *ConfigError. After Shutdown, Retry returns
// ErrShutdown for a new name.
func (s *System) Retry(name string, cfg RetryConfig) (*Retry, error) {
	if !s.valid() {
		return nil, noSystem("retry", name)
	}
	settings, err := cfg.settings().Normalize(name)
	if err != nil {
		return nil, err
	}
	r, existed, err := s.retries.GetOrMake(name, func() (*Retry, error) {
		if s.isClosing() {
			return nil, ErrShutdown
		}
		handle, err := retry.New(s.retryShared, name, settings)
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

// LookupRetry returns the retry policy with that name, if there is one.
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

// Name returns the name of the policy.
func (r *Retry) Name() string {
	if !r.valid() {
		return ""
	}
	return r.handle.Name()
}

// Config returns the current settings, with the defaults filled in.
func (r *Retry) Config() RetryConfig {
	if !r.valid() {
		return RetryConfig{}
	}
	return retryConfig(r.handle.Config())
}

// Configure replaces all settings; a field that is zero means its default. The new
// settings apply to every later decision, also for calls that are between two
// attempts. Statistics and the counts of the budget are kept. A WARN names the
// functions that were set, and are not set any more. An invalid setting is a
// *ConfigError, and nothing changes. After Shutdown, Configure returns ErrShutdown.
func (r *Retry) Configure(cfg RetryConfig) error {
	if !r.valid() {
		return errInvalidRetry
	}
	before := r.Config()
	err := r.handle.Configure(cfg.settings())
	if err == nil {
		r.sys.warnIfDropped("retry", r.Name(), before, cfg)
	}
	return err
}

// Stats returns the counts, which include every call that has returned. After Shutdown,
// Stats returns ErrShutdown.
func (r *Retry) Stats() (RetryStats, error) {
	if !r.valid() {
		return RetryStats{}, errInvalidRetry
	}
	stats, err := r.handle.Stats()
	return RetryStats(stats), err
}

// Run calls fn until an attempt succeeds or the policy gives up. If an attempt is
// refused, as by an open circuit, and Retryable lets that be retried, the wait is the
// longer of the delay and what the refusal asks for, but at most MaxDelay. Run
// returns
//   - nil if an attempt succeeded;
//   - the error of fn as it is, without the marks of Permanent and RetryAfter, if that
//     error is not retried;
//   - a *RetryError if the policy gave up;
//   - the error of ctx if ctx was done before the first attempt; fn does not run;
//   - ErrShutdown after Shutdown; fn does not run;
//   - a *ConfigError if ctx or fn is nil, or r did not come from System.Retry.
func (r *Retry) Run(ctx context.Context, fn func(context.Context) error) error {
	if !r.valid() {
		return errInvalidRetry
	}
	if err := pipeline.Validate(ctx, fn == nil); err != nil {
		return err
	}
	return pipeline.RunRetry(ctx, r.handle, fn)
}
