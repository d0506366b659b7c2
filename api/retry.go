package api

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/api/internal/pipeline"
	"github.com/understudy-go/understudy/messages"
)

// RetryConfig holds the settings of a retry policy. A field that is zero means its
// default.
type RetryConfig struct {
	MaxAttempts   int           // including the first; default 3
	InitialDelay  time.Duration // before the second attempt; default 1 s (1 ns for none)
	BackoffFactor float64       // each delay is this factor times the one before; default 2, at least 1
	MaxDelay      time.Duration // the maximum of every wait, including jitter and RetryAfter; default 60 s
	Jitter        Jitter        // varies the delay at random; default JitterProportional: ±25 %

	// Retryable reports whether an error is retried. It runs in the goroutine of the caller and may be called
	// concurrently. Errors marked by Permanent are never retried. Default: all errors are, except context.Canceled,
	// ErrCircuitOpen and ErrShutdown.
	Retryable func(error) bool
	// OnRetry is called before each wait, in the goroutine of the caller; attempt is the one that failed. It may be
	// called concurrently. Default none.
	OnRetry func(err error, attempt int, delay time.Duration)
	// Budget limits the retries of all calls of the policy together. Default nil: no budget.
	Budget *RetryBudget
}

// RetryBudget limits the retries of all calls of a policy together, so that retries
// do not overload a dependency that is failing. In each Window there are at most
// Ratio × (calls that began in it) + MinPerSecond × (its seconds) retries.
type RetryBudget struct {
	Ratio        float64       // retries per call; 0 or more
	MinPerSecond float64       // retries per second in addition; 0 or more
	Window       time.Duration // the span over which calls and retries are counted; default 10 s
}

// settings converts c to the type that the owner uses.
func (c RetryConfig) settings() retry.Config {
	return retry.Config{
		MaxAttempts: c.MaxAttempts, InitialDelay: c.InitialDelay, BackoffFactor: c.BackoffFactor, MaxDelay: c.MaxDelay,
		Jitter: c.Jitter, Retryable: c.Retryable, OnRetry: c.OnRetry, Budget: (*retry.Budget)(c.Budget),
	}
}

// retryConfig converts s to the type that users see. The result refers to the budget
// of s.
func retryConfig(s retry.Config) RetryConfig {
	return RetryConfig{
		MaxAttempts: s.MaxAttempts, InitialDelay: s.InitialDelay, BackoffFactor: s.BackoffFactor, MaxDelay: s.MaxDelay,
		Jitter: s.Jitter, Retryable: s.Retryable, OnRetry: s.OnRetry, Budget: (*RetryBudget)(s.Budget),
	}
}

// Delay returns how long to wait after the given attempt (1, 2, 3, ...) failed: from
// 0 to MaxDelay, with a new random jitter in each call. It never overflows.
func (c RetryConfig) Delay(attempt int) time.Duration { return c.settings().Delay(attempt) }

// Jitter is how a delay is varied at random, so that callers that failed together
// do not retry together. The zero value is JitterProportional.
type Jitter = retry.Jitter

// The jitters, for a delay d.
const (
	JitterProportional = retry.JitterProportional // ±25 % of d; the default
	JitterNone         = retry.JitterNone         // d exactly
	JitterFull         = retry.JitterFull         // 0 to d
	JitterEqual        = retry.JitterEqual        // d/2 to d
)

// RetryStats holds the counts of a retry policy since it was made.
type RetryStats struct {
	Name      string
	Calls     uint64 // calls that began
	Retries   uint64 // second and later attempts that were allowed
	Exhausted uint64 // calls that gave up because no attempts were left
	Throttled uint64 // calls that gave up because the budget was spent
}

// Permanent marks err as not to be retried, whatever Retryable returns. The marked
// error has the text of err and unwraps to it. Permanent(nil) is nil.
func Permanent(err error) error { return messages.Permanent(err) }

// RetryAfter marks err with a minimum delay before the next attempt. The wait is
// the longer of delay and the back-off, but at most MaxDelay; no jitter is added to
// delay. The marked error has the text of err and unwraps to it. RetryAfter(nil,
// delay) is nil.
func RetryAfter(err error, delay time.Duration) error { return messages.RetryAfter(err, delay) }

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
// attempts. Statistics and the counts of the budget are kept. An invalid setting is
// a *ConfigError, and nothing changes. After Shutdown, Configure returns ErrShutdown.
func (r *Retry) Configure(cfg RetryConfig) error {
	if !r.valid() {
		return errInvalidRetry
	}
	return r.handle.Configure(cfg.settings())
}

// Stats returns the counts. After Shutdown, Stats returns ErrShutdown.
func (r *Retry) Stats() (RetryStats, error) {
	if !r.valid() {
		return RetryStats{}, errInvalidRetry
	}
	stats, err := r.handle.Stats()
	return RetryStats(stats), err
}

// Run calls fn until an attempt succeeds or the policy gives up. It returns
//   - nil if an attempt succeeded;
//   - the error of fn as it is if that error is not retried;
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
