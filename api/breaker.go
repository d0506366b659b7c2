package api

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/api/internal/pipeline"
)

// Off, as a FailureThreshold, means that only the rates open the circuit.
const Off = breaker.Off

// Window is the range of calls over which the rates of a breaker are computed. Make
// it with CountWindow or TimeWindow. The zero value is CountWindow(100).
type Window = breaker.Window

// CountWindow returns a window over the given number of last calls, at most
// 10,000,000.
func CountWindow(calls int) Window { return breaker.CountWindow(calls) }

// TimeWindow returns a window over the calls within the last span of time, at
// least 10 ns. It counts in 10 buckets, so it moves in steps of a tenth of span.
func TimeWindow(span time.Duration) Window { return breaker.TimeWindow(span) }

// BreakerConfig holds the settings of a breaker. A field that is zero means its
// default.
//
// The mistakes of a client (a 404, no rows) must not open the circuit. The
// dependency answered, so count them as Success: as Ignored, they would leave a
// half-open circuit half-open for as long as nothing else is called.
//
//	Classify: func(err error) understudy.Outcome {
//		var status *StatusError
//		switch {
//		case err == nil, errors.As(err, &status) && status.Code < 500:
//			return understudy.Success
//		case errors.Is(err, context.Canceled):
//			return understudy.Ignored
//		}
//		return understudy.Failure
//	}
type BreakerConfig struct {
	// FailureThreshold is how many consecutive failures open the circuit. Default 5; Off: only the rates open it.
	FailureThreshold int
	// ResetTimeout is how long the circuit stays open before trials. Default 60 s.
	ResetTimeout time.Duration
	// HalfOpenMaxCalls is how many trials run at once, and how many successes close the circuit. Default 3.
	HalfOpenMaxCalls int
	// TrialTimeout is how long a trial may take before it counts as failed. Default ResetTimeout.
	TrialTimeout time.Duration

	// Probe names a health check whose runs are the trials; calls are refused meanwhile. Default "": calls are the
	// trials. After ResetTimeout the breaker runs the check repeatedly, one run at a time. As many consecutive healthy
	// runs as HalfOpenMaxCalls close the circuit. A run opens it again if it is UNHEALTHY, blocked by a dependency,
	// stuck, or has not returned within TrialTimeout. A DEGRADED run opens it again if SlowCallRate is set; otherwise
	// it counts as healthy. Each run counts by itself, whatever the check's UnhealthyAfter and HealthyAfter.
	//
	// The check must not call through this breaker, which would refuse it. The check may be registered after the
	// breaker. If no check has that name when the breaker needs it, calls are the trials of this HALF_OPEN, and a
	// ProbeUnanswered event and a WARN report it. Probe runs are not calls: in BreakerStats they appear only in Trials.
	// Reset, ForceOpen and Disable do not wait for a run. A changed Probe takes effect at the next HALF_OPEN.
	Probe string

	// Window is the range of calls over which the rates are computed. Default CountWindow(100).
	Window Window
	// MinimumCalls is how many calls the window must hold before the rates can open the circuit. Default 20, or the
	// size of the CountWindow if that is smaller.
	MinimumCalls int
	// FailureRate is the share of failures that opens the circuit, 0 < r <= 1. Default 0: off.
	FailureRate float64
	// SlowCall is how long a call must take to be a slow one. Default 0: off.
	SlowCall time.Duration
	// SlowCallRate is the share of slow calls that opens the circuit, 0 < r <= 1. Default 0: off.
	SlowCallRate float64
	// ResetBackoff multiplies ResetTimeout each time the circuit opens again without a recovery. Default 1; at least 1.
	ResetBackoff float64
	// MaxResetTimeout limits a ResetTimeout that ResetBackoff increases. Default 10 min; at least ResetTimeout.
	MaxResetTimeout time.Duration

	// Expected lists errors that are Success, compared with errors.Is: the dependency answered. Default none.
	Expected []error
	// Excluded lists errors that are Ignored, compared with errors.Is. Default none.
	Excluded []error
	// Classify returns the outcome of a call that returned err. It replaces the default and Excluded. Default: nil is
	// Success; Excluded and context.Canceled are Ignored; any other error is Failure. It runs in the goroutine of the
	// caller and may be called concurrently.
	Classify func(error) Outcome
}

// MarshalJSON returns the settings as JSON: names in snake_case, durations like
// "30s", the Window like "100 calls", and errors as their text. Classify is left
// out.
func (c BreakerConfig) MarshalJSON() ([]byte, error) { return asJSON(c) }

// MarshalYAML returns what a YAML encoder writes for the settings, as in JSON.
func (c BreakerConfig) MarshalYAML() (any, error) { return asYAML(c) }

// BreakerStats holds the counts of a breaker.
type BreakerStats struct {
	Name                string
	State               State
	Mode                Mode
	ConsecutiveFailures int

	// Totals since the breaker was made.
	Successes, Failures, Ignored uint64
	Rejected                     uint64 // calls refused
	Late                         uint64 // results of calls admitted before the last change of state; counted here only
	Slow                         uint64 // results of calls that took SlowCall or longer
	Opened                       uint64 // how often the circuit opened

	Trials         int           // trials running now
	FailureRate    float64       // share of failures in the window; 0 below MinimumCalls, or if no rate is set
	TimeUntilReset time.Duration // until trials begin; 0 unless OPEN
}

// MarshalJSON returns the counts as JSON: names in snake_case, and durations like
// "30s".
func (s BreakerStats) MarshalJSON() ([]byte, error) { return asJSON(s) }

// MarshalYAML returns what a YAML encoder writes for the counts, as in JSON.
func (s BreakerStats) MarshalYAML() (any, error) { return asYAML(s) }

// Breaker is a circuit breaker: it admits calls while its dependency works, and
// refuses them at once while it does not. Get one from System.Breaker. Safe for
// concurrent use.
type Breaker struct {
	handle breaker.Handle
	sys    *System
}

// Breaker returns the breaker with that name, and makes it if there is none. An
// existing breaker keeps its settings; a WARN names the fields in which cfg
// differs. An invalid name or setting is a *ConfigError. After Shutdown, Breaker
// returns ErrShutdown for a new name.
func (s *System) Breaker(name string, cfg BreakerConfig) (*Breaker, error) {
	if !s.valid() {
		return nil, noSystem("breaker", name)
	}
	settings, err := breaker.Config(cfg).Normalize(name)
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

// LookupBreaker returns the breaker with that name, if there is one.
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

// Name returns the name of the breaker.
func (b *Breaker) Name() string {
	if !b.valid() {
		return ""
	}
	return b.handle.Name()
}

// Config returns the current settings, with the defaults filled in.
func (b *Breaker) Config() BreakerConfig {
	if !b.valid() {
		return BreakerConfig{}
	}
	return BreakerConfig(b.handle.Config())
}

// Run calls fn if the circuit admits the call, and counts the outcome before it
// returns. If the circuit refuses the call, Run returns a *CircuitOpenError; if
// ctx is done, the error of ctx. In both cases fn does not run, and no outcome is
// counted. After Shutdown, Run returns ErrShutdown.
//
// A panic or runtime.Goexit in fn counts as a Failure and continues in the caller.
// While the circuit is closed, Run allocates nothing, and fn does not escape.
func (b *Breaker) Run(ctx context.Context, fn func(context.Context) error) error {
	if !b.valid() || ctx == nil || fn == nil {
		return b.badCall(ctx, fn == nil)
	}
	return pipeline.RunBreaker(ctx, &b.handle, fn)
}

// badCall returns why a call cannot start.
func (b *Breaker) badCall(ctx context.Context, noFn bool) error {
	if !b.valid() {
		return errInvalidBreaker
	}
	return pipeline.Validate(ctx, noFn)
}

// State returns the state as of now. It is wait-free.
func (b *Breaker) State() State {
	if !b.valid() {
		return Closed
	}
	return b.handle.State()
}

// TimeUntilReset returns how long the circuit will stay open. It returns 0 if the
// state is not OPEN, and if the circuit is forced open. It is wait-free.
func (b *Breaker) TimeUntilReset() time.Duration {
	if !b.valid() {
		return 0
	}
	return b.handle.TimeUntilReset()
}

// Stats returns the counts. They are consistent with one another and include every
// call that has returned. After Shutdown, Stats returns ErrShutdown.
func (b *Breaker) Stats() (BreakerStats, error) {
	if !b.valid() {
		return BreakerStats{}, errInvalidBreaker
	}
	stats, err := b.handle.Stats()
	return BreakerStats(stats), err
}
