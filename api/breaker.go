package api

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/api/internal/pipeline"
)

// Off, as FailureThreshold, leaves the decision to the rates alone.
const Off = breaker.Off

// Window is what the rates of a breaker are taken over: CountWindow or
// TimeWindow. The zero value is CountWindow(100).
type Window = breaker.Window

// CountWindow is the last so many calls; at most 10,000,000.
func CountWindow(calls int) Window { return breaker.CountWindow(calls) }

// TimeWindow is the last span of time, kept in 10 buckets; at least 10 ns.
func TimeWindow(span time.Duration) Window { return breaker.TimeWindow(span) }

// BreakerConfig holds the settings of a breaker. Fields that are zero have their
// defaults.
//
// To keep a client's mistakes from tripping the breaker, classify them:
//
//	Classify: func(err error) understudy.Outcome {
//		var status *StatusError
//		switch {
//		case err == nil:
//			return understudy.Success
//		case errors.Is(err, context.Canceled), errors.As(err, &status) && status.Code < 500:
//			return understudy.Ignored
//		}
//		return understudy.Failure
//	}
type BreakerConfig struct {
	// FailureThreshold is how many consecutive failures open the circuit. Default 5; Off: rates alone decide.
	FailureThreshold int
	// ResetTimeout is how long the circuit stays open before trials. Default 60 s.
	ResetTimeout time.Duration
	// HalfOpenMaxCalls is how many trials are admitted at once, and how many successes close the circuit. Default 3.
	HalfOpenMaxCalls int
	// TrialTimeout is when a trial that has not reported counts as failed. Default ResetTimeout.
	TrialTimeout time.Duration

	// Probe names a health check that makes the trials instead of callers, whose calls are refused meanwhile. Default
	// "": callers make them. Once ResetTimeout is over, the breaker runs that check, one run after the other. As many
	// healthy runs in a row as HalfOpenMaxCalls close the circuit. A run that is UNHEALTHY, blocked by a dependency,
	// stuck, or not back within TrialTimeout opens it again. A DEGRADED run opens it again if SlowCallRate is set, and
	// is healthy otherwise. Each run counts by itself, whatever the check's UnhealthyAfter and HealthyAfter.
	//
	// The check must not go through this breaker, which would refuse it. It may be registered after the breaker. If no
	// check has that name when it is asked, callers make the trials that time, and a ProbeUnanswered event and a WARN
	// report it. Probe runs are not calls: in BreakerStats they appear only in Trials. Reset, ForceOpen and Disable do
	// not wait for a run; a changed Probe takes effect at the next HALF_OPEN.
	Probe string

	// Window is what the rates are taken over. Default CountWindow(100).
	Window Window
	// MinimumCalls is how many calls the window must hold before a rate is judged. Default 20, or the count window if smaller.
	MinimumCalls int
	// FailureRate opens the circuit at this share of failures, 0 < r <= 1. Default 0: off.
	FailureRate float64
	// SlowCall makes a call that took this long or longer slow. Default 0: off.
	SlowCall time.Duration
	// SlowCallRate opens the circuit at this share of slow calls, 0 < r <= 1. Default 0: off.
	SlowCallRate float64
	// ResetBackoff multiplies ResetTimeout with each re-opening without a recovery. Default 1; at least 1.
	ResetBackoff float64
	// MaxResetTimeout caps the growing ResetTimeout. Default 10 min; at least ResetTimeout.
	MaxResetTimeout time.Duration

	// Excluded lists errors that are Ignored (errors.Is). Default none.
	Excluded []error
	// Classify replaces the default: nil is Success; Excluded and context.Canceled are Ignored; all else is Failure.
	// It runs in the caller's goroutine and may be called concurrently.
	Classify func(error) Outcome
}

// BreakerStats is what a breaker has counted.
type BreakerStats struct {
	Name                string
	State               State
	Mode                Mode
	ConsecutiveFailures int

	// Totals since the breaker was made.
	Successes, Failures, Ignored uint64
	Rejected                     uint64 // calls refused
	Late                         uint64 // results from before the last change of state; they moved nothing
	Slow                         uint64 // results that took SlowCall or longer
	Opened                       uint64 // how often the circuit opened

	Trials         int           // trials running now
	FailureRate    float64       // share of failures in the window; 0 below MinimumCalls, or when no rate is set
	TimeUntilReset time.Duration // until trials begin; 0 unless OPEN
}

// Breaker is a circuit breaker: it lets calls through while its dependency
// works, and refuses them at once while it does not. Get one from
// System.Breaker. Safe for concurrent use.
type Breaker struct {
	handle breaker.Handle
	sys    *System
}

// Breaker returns the breaker of that name; the first call makes it. The first
// settings stay: a later call with others gets the same *Breaker, and a WARN
// names what differs. Bad settings are a *ConfigError; after Shutdown a new
// name is ErrShutdown.
func (s *System) Breaker(name string, cfg BreakerConfig) (*Breaker, error) {
	if !s.valid() {
		return nil, noSystem("breaker", name)
	}
	settings, err := breaker.Checked(name, breaker.Config(cfg))
	if err != nil {
		return nil, err
	}
	b, existed, err := s.breakers.GetOrMake(name, func() (*Breaker, error) {
		if s.isClosing() {
			return nil, ErrShutdown
		}
		b := &Breaker{sys: s}
		b.handle.Init(s.breakerShared, name, settings)
		return b, nil
	})
	if err != nil {
		return nil, err
	}
	if existed {
		s.warnIfDifferent("breaker", name, b.handle.Config(), settings)
	} else if c := s.health.breakers.Load(); c != nil {
		c.sync(b)
	}
	return b, nil
}

// LookupBreaker returns the breaker of that name, if there is one.
func (s *System) LookupBreaker(name string) (*Breaker, bool) {
	if !s.valid() {
		return nil, false
	}
	return s.breakers.Get(name)
}

// Breakers returns all breakers, sorted by name.
func (s *System) Breakers() []*Breaker {
	if !s.valid() {
		return nil
	}
	return s.breakers.Sorted()
}

func (b *Breaker) stage() pipeline.Stage {
	if !b.valid() {
		return pipeline.Stage{Shape: pipeline.IsUnusable, Err: errInvalidBreaker}
	}
	return pipeline.Stage{Shape: pipeline.IsBreaker, Breaker: &b.handle, Runtime: b.sys.runtime}
}

// valid reports whether b came from System.Breaker.
func (b *Breaker) valid() bool { return b != nil && b.sys != nil }

var errInvalidBreaker error = &ConfigError{Kind: "breaker", Field: "Breaker", Problem: "must come from System.Breaker"}

// Name returns the name.
func (b *Breaker) Name() string {
	if !b.valid() {
		return ""
	}
	return b.handle.Name()
}

// Config returns the settings in force, defaults filled in.
func (b *Breaker) Config() BreakerConfig {
	if !b.valid() {
		return BreakerConfig{}
	}
	return BreakerConfig(b.handle.Config())
}

// Run calls fn if the circuit admits it, and counts how it ended before it
// returns. If the circuit refuses the call, Run returns a *CircuitOpenError; if
// ctx is done, its error. In both cases fn does not run and nothing is counted. A
// panic or runtime.Goexit in fn counts as a Failure and goes on. Run allocates
// nothing while the circuit is closed, and fn does not escape.
func (b *Breaker) Run(ctx context.Context, fn func(context.Context) error) error {
	if !b.valid() || ctx == nil || fn == nil {
		return b.badCall(ctx, fn == nil)
	}
	return pipeline.RunBreaker(ctx, &b.handle, fn)
}

func (b *Breaker) badCall(ctx context.Context, noFn bool) error {
	if !b.valid() {
		return errInvalidBreaker
	}
	return pipeline.Validate(ctx, noFn)
}

// State returns the state as of now. Wait-free.
func (b *Breaker) State() State {
	if !b.valid() {
		return Closed
	}
	return b.handle.State()
}

// TimeUntilReset returns how long the circuit stays open: 0 unless OPEN, and 0
// when forced open. Wait-free.
func (b *Breaker) TimeUntilReset() time.Duration {
	if !b.valid() {
		return 0
	}
	return b.handle.TimeUntilReset()
}

// Stats asks the owner for its counts: they are consistent among each other and
// include every call that has returned. ErrShutdown after Shutdown.
func (b *Breaker) Stats() (BreakerStats, error) {
	if !b.valid() {
		return BreakerStats{}, errInvalidBreaker
	}
	stats, err := b.handle.Stats()
	return BreakerStats(stats), err
}
