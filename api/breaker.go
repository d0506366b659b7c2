package api

import (
	"context"
	"strings"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/api/internal/pipeline"
)

// Breaker is a circuit breaker: it lets calls through while its dependency is
// well, and refuses them at once while it is not.
type Breaker struct {
	h   breaker.Handle
	sys *System
}

// Breaker returns the breaker of that name; the first call makes it. The first
// settings stay: a later call with others gets the same *Breaker, and a WARN
// names what differs. Bad settings are a *ConfigError; after Shutdown a new
// name is ErrShutdown.
func (s *System) Breaker(name string, cfg BreakerConfig) (*Breaker, error) {
	if !s.isMade() {
		return nil, noSystem("breaker", name)
	}
	cfg, err := breaker.Checked(name, cfg)
	if err != nil {
		return nil, err
	}
	b, existed, err := s.breakers.GetOrMake(name, func() (*Breaker, error) {
		if s.isClosing() {
			return nil, ErrShutdown
		}
		b := &Breaker{sys: s}
		b.h.Init(s.ofBreakers, name, cfg)
		return b, nil
	})
	if err != nil {
		return nil, err
	}
	if existed {
		s.warnIfDifferent("breaker", name, b.Config(), cfg)
	} else if c := s.health.circuits.Load(); c != nil {
		c.look(b)
	}
	return b, nil
}

// LookupBreaker returns the breaker of that name, if there is one.
func (s *System) LookupBreaker(name string) (*Breaker, bool) {
	if !s.isMade() {
		return nil, false
	}
	return s.breakers.Get(name)
}

// Breakers returns all breakers, sorted by name.
func (s *System) Breakers() []*Breaker {
	if !s.isMade() {
		return nil
	}
	return s.breakers.Sorted()
}

func noSystem(kind, name string) error {
	return &ConfigError{Kind: kind, Name: name, Field: "System", Problem: "must not be nil"}
}

func (s *System) isClosing() bool {
	select {
	case <-s.sys.Closing():
		return true
	default:
		return false
	}
}

// warnIfDifferent tells that settings given for a name that exists are not used.
func (s *System) warnIfDifferent(kind, name string, used, given any) {
	if fields := differing(used, given); len(fields) > 0 {
		s.sys.Logger().Warn("The first settings stay: "+kind+" '"+name+"' exists with another "+strings.Join(fields, ", "),
			kind, name, "differing", fields)
	}
}

func (b *Breaker) stage() pipeline.Stage {
	if !b.isMade() {
		return pipeline.Stage{Shape: pipeline.IsUnusable, Err: errNotMadeBreaker}
	}
	return pipeline.Stage{Shape: pipeline.IsBreaker, Breaker: &b.h, Runtime: b.sys.sys}
}

// isMade reports whether b came from System.Breaker.
func (b *Breaker) isMade() bool { return b != nil && b.sys != nil }

// Name returns the name.
func (b *Breaker) Name() string {
	if !b.isMade() {
		return ""
	}
	return b.h.Name()
}

// Config returns the settings, defaults filled in.
func (b *Breaker) Config() BreakerConfig {
	if !b.isMade() {
		return BreakerConfig{}
	}
	return b.h.Config()
}

// Run calls fn if the circuit admits it, and counts how it ended before it
// returns. If the circuit refuses the call, Run returns a *CircuitOpenError; if
// ctx is done, its error. In both cases fn does not run and nothing is counted. A
// panic or runtime.Goexit in fn counts as a Failure and goes on. Run allocates
// nothing while the circuit is closed, and fn does not escape.
func (b *Breaker) Run(ctx context.Context, fn func(context.Context) error) error {
	if !b.isMade() || ctx == nil || fn == nil {
		return b.badCall(ctx, fn == nil)
	}
	return pipeline.RunBreaker(ctx, &b.h, fn)
}

func (b *Breaker) badCall(ctx context.Context, noFn bool) error {
	if !b.isMade() {
		return errNotMadeBreaker
	}
	return pipeline.Check(ctx, noFn)
}

var errNotMadeBreaker error = &ConfigError{Kind: "breaker", Field: "Breaker", Problem: "must come from System.Breaker"}

// Acquire admits a call whose end is reported later, for streams and callbacks:
// the caller must call Done or Cancel on the Permit. A trial that is not
// reported within TrialTimeout counts as failed. Errors are those of Run.
func (b *Breaker) Acquire(ctx context.Context) (*Permit, error) {
	if err := b.badCall(ctx, false); err != nil {
		return nil, err
	}
	p, err := b.h.Admit(ctx)
	if err != nil {
		return nil, err
	}
	return &Permit{pipeline.Enter(&b.h, p)}, nil
}
