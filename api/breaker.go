package api

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/messages"
)

// BreakerConfig holds the settings of a breaker. Fields that are zero have
// their defaults:
//
//	FailureThreshold  5          consecutive failures that open it; Off: rates alone decide
//	ResetTimeout      60 s       how long it stays open before trials
//	HalfOpenMaxCalls  3          trials admitted at once, and successes needed to close
//	TrialTimeout      as Reset   a trial not reported by then counts as failed
//	Window            100 calls  what the rates are taken over: CountWindow or TimeWindow
//	MinimumCalls      20         no rate is judged on fewer (or the count window if smaller)
//	FailureRate       off        0 < r <= 1: opens at this share of failures
//	SlowCall          off        a call that took this long or longer is slow
//	SlowCallRate      off        0 < r <= 1: opens at this share of slow calls
//	ResetBackoff      1          each re-opening without a recovery multiplies ResetTimeout
//	MaxResetTimeout   10 min     its cap
//	Excluded          none       errors that are Ignored (errors.Is)
//	Classify          none       replaces: nil Success; Excluded, context.Canceled Ignored; else Failure
//
// To keep a client's mistakes from tripping the breaker, classify them:
//
//	Classify: func(err error) api.Outcome {
//		var status *StatusError
//		switch {
//		case err == nil:
//			return api.Success
//		case errors.Is(err, context.Canceled), errors.As(err, &status) && status.Code < 500:
//			return api.Ignored
//		}
//		return api.Failure
//	}
type BreakerConfig = breaker.Config

// Window is what rates are taken over: CountWindow or TimeWindow.
type Window = breaker.Window

// CountWindow is the last so many calls; at most 10,000,000.
func CountWindow(calls int) Window { return breaker.CountWindow(calls) }

// TimeWindow is the last span of time, kept in 10 buckets.
func TimeWindow(span time.Duration) Window { return breaker.TimeWindow(span) }

// Off as FailureThreshold leaves the decision to the rates alone.
const Off int = breaker.Off

// State is where a breaker stands: Closed, Open or HalfOpen. Its String is
// "CLOSED", "OPEN" or "HALF_OPEN".
type State = messages.State

// The states of a breaker.
const (
	Closed   = messages.Closed   // calls are admitted
	Open     = messages.Open     // calls are refused
	HalfOpen = messages.HalfOpen // a few trials are admitted
)

// Outcome is what a breaker makes of how a call ended.
type Outcome = messages.Outcome

// The outcomes of a call.
const (
	Success = messages.Success // the dependency is well
	Failure = messages.Failure // it is not
	Ignored = messages.Ignored // says nothing about it
)

// Mode tells who decides a breaker's state.
type Mode = messages.Mode

// The modes of a breaker.
const (
	Automatic  = messages.Automatic  // the breaker itself
	ForcedOpen = messages.ForcedOpen // ForceOpen, until Reset
	Disabled   = messages.Disabled   // Disable, until Reset
)

// BreakerStats is what a breaker has counted: Name, State, Mode,
// ConsecutiveFailures; the totals since it was made: Successes, Failures,
// Ignored, Rejected, Late (results from before the last change of state), Slow,
// Opened; Trials running now; FailureRate of the window (0 below MinimumCalls,
// or when no rate is set); TimeUntilReset (0 unless OPEN).
type BreakerStats = messages.BreakerStats

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
	if s == nil {
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
		b.h.Init(&s.ofBreakers, name, cfg)
		return b, nil
	})
	if err != nil {
		return nil, err
	}
	if existed {
		s.warnIfDifferent("breaker", name, b.Config(), cfg)
	}
	return b, nil
}

// LookupBreaker returns the breaker of that name, if there is one.
func (s *System) LookupBreaker(name string) (*Breaker, bool) {
	if s == nil {
		return nil, false
	}
	return s.breakers.Get(name)
}

// Breakers returns all breakers, sorted by name.
func (s *System) Breakers() []*Breaker {
	if s == nil {
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
		s.sys.Logger().Warn("The first settings stay: "+kind+" '"+messages.Shorten(name)+"' exists with another "+strings.Join(fields, ", "),
			kind, name, "differing", fields)
	}
}

func (b *Breaker) policy() {}

// Name returns the name.
func (b *Breaker) Name() string {
	if b == nil {
		return ""
	}
	return b.h.Name()
}

// Config returns the settings, defaults filled in.
func (b *Breaker) Config() BreakerConfig {
	if b == nil {
		return BreakerConfig{}
	}
	return b.h.Config()
}

// Run calls fn if the circuit admits it, and counts how it ended before it
// returns. A refusal is a *CircuitOpenError, a ctx that is done its own error;
// then nothing has run and nothing is counted. A panic or runtime.Goexit in fn
// counts as a Failure and goes on. Run allocates nothing while the circuit is
// closed, and fn does not escape.
func (b *Breaker) Run(ctx context.Context, fn func(context.Context) error) error {
	if b == nil || ctx == nil || fn == nil {
		return b.badCall(ctx, fn == nil)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	lease, ok := b.h.Lease()
	if !ok {
		if err := lease.Refusal(); err != nil {
			return err
		}
		return b.run(ctx, fn)
	}
	if ctx.Value(hardKey{}) != nil {
		return b.run(ctx, fn)
	}
	returned := false
	defer func() {
		if !returned {
			b.h.Report(lease.Ticket(), Failure)
		}
	}()
	err := fn(ctx)
	outcome := Success
	if err != nil {
		outcome = b.h.Classify(err)
	}
	returned = true
	if outcome != Success || !lease.Success() {
		b.h.Report(lease.Ticket(), outcome)
	}
	return err
}

func (b *Breaker) badCall(ctx context.Context, noFn bool) error {
	if b == nil {
		return errNilBreaker
	}
	return checkCall(ctx, noFn)
}

var errNilBreaker error = &ConfigError{Kind: "breaker", Field: "Breaker", Problem: "must not be nil"}

// run is Run where there is more to do: asking for admission, or a Timeout
// around that may take the call over.
func (b *Breaker) run(ctx context.Context, fn func(context.Context) error) error {
	ticket, err := b.h.Admit(ctx)
	if err != nil {
		return err
	}
	if s, ok := ctx.Value(hardKey{}).(*scope); ok {
		return b.runInside(s, ctx, ticket, fn)
	}
	outcome := Failure // unless fn and the classifier return
	defer func() { b.h.Report(ticket, outcome) }()
	err = fn(ctx)
	outcome = b.h.Classify(err)
	return err
}

// runInside registers the call with the Timeout around it.
func (b *Breaker) runInside(s *scope, ctx context.Context, ticket breaker.Ticket, fn func(context.Context) error) error {
	c := &guarded{b: b, ticket: ticket}
	if err := s.add(c); err != nil { // the limit has passed meanwhile
		b.h.Report(ticket, Ignored)
		return err
	}
	outcome := Failure // unless fn and the classifier return
	defer func() {
		c.settle(outcome)
		s.remove(c)
	}()
	err := fn(ctx)
	outcome = b.h.Classify(err)
	return err
}

// guarded is a call that runs inside a Timeout. Whoever settles it first, the
// call itself or the Timeout, reports it.
type guarded struct {
	b       *Breaker
	ticket  breaker.Ticket
	mu      sync.Mutex // held until the report is in, so that the other waits for it
	settled bool
}

func (c *guarded) settle(outcome Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.settled {
		c.settled = true
		c.b.h.Report(c.ticket, outcome)
	}
}

func (c *guarded) take(err error) {
	outcome := Failure // unless the classifier returns
	defer func() { c.settle(outcome) }()
	outcome = c.b.h.Classify(err)
}

// Acquire admits a call whose end is reported later, for streams and callbacks:
// the caller must call Done or Cancel on the Permit. A trial that is not
// reported within TrialTimeout counts as failed. Errors are those of Run.
func (b *Breaker) Acquire(ctx context.Context) (*Permit, error) {
	if b == nil {
		return nil, errNilBreaker
	}
	if err := checkCall(ctx, false); err != nil {
		return nil, err
	}
	ticket, err := b.h.Admit(ctx)
	if err != nil {
		return nil, err
	}
	return &Permit{b: b, ticket: ticket}, nil
}
