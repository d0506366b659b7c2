package api

import (
	"context"

	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/api/internal/pipeline"
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

func (r *Retry) stage() pipeline.Stage {
	if !r.isMade() {
		return pipeline.Stage{Shape: pipeline.IsUnusable, Err: errNotMade()}
	}
	return pipeline.Stage{Shape: pipeline.IsRetry, Retry: r.handle, Runtime: r.sys.sys}
}

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
	if !r.isMade() {
		return errNotMade()
	}
	if err := pipeline.Check(ctx, fn == nil); err != nil {
		return err
	}
	return pipeline.RunRetry(ctx, r.handle, fn)
}
