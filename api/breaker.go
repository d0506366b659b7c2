package api

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/api/internal/pipeline"
)

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
// counted. After Shutdown, Run returns ErrShutdown; if ctx or fn is nil, a *ConfigError.
//
// A nil error is a Success, unless Classify decides otherwise. An error is Ignored if
// ctx was cancelled by the time fn returned; otherwise the settings decide. A panic or
// runtime.Goexit in fn counts as a Failure, or as Ignored if ctx was cancelled, and
// continues in the caller.
//
// A call that is made inside a running trial of the same breaker, with a ctx derived
// from that of the trial, is part of the trial: it is neither refused nor counted.
//
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

// State returns the state as of now. It is wait-free. It reads the clock, which a
// refusal does not, because that would cost more than the refusal: after the process
// was stopped or starved, State may be HalfOpen for a moment in which calls are still
// refused, until the timer of the breaker has run.
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
	Opened, HalfOpened, Closed   uint64 // how often the circuit entered that state

	LastFailure   error     // the last error that counted as a Failure; nil: there was none, or it was a panic or an overdue trial
	LastFailureAt time.Time // when that was; zero: never

	Trials         int           // trials running now
	FailureRate    float64       // share of failures in the window; 0 below MinimumCalls, or if no rate is set
	TimeUntilReset time.Duration // until trials begin; 0 unless OPEN
}

// MarshalJSON returns the counts as JSON: names in snake_case, and durations like
// "30s".
func (s BreakerStats) MarshalJSON() ([]byte, error) { return asJSON(s) }

// MarshalYAML returns what a YAML encoder writes for the counts, as in JSON.
func (s BreakerStats) MarshalYAML() (any, error) { return asYAML(s) }

// Stats returns the counts. They are consistent with one another and include every
// call that has returned. For a breaker that has only seen successes, Stats asks
// nobody and allocates nothing. After Shutdown, Stats returns ErrShutdown.
func (b *Breaker) Stats() (BreakerStats, error) {
	if !b.valid() {
		return BreakerStats{}, errInvalidBreaker
	}
	stats, err := b.handle.Stats()
	return BreakerStats(stats), err
}
