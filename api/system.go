package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/messages"
	"github.com/understudy-go/understudy/system"
)

// SystemConfig holds the settings of a System. The zero value means the defaults.
type SystemConfig struct {
	// Version is the version of the application, which health reports show. Default "unknown".
	Version string
	// Logger receives the log. Its own goroutine writes all lines except ERRORs, so that no call waits for the
	// handler, which may panic, block or use the System, but must not wait for Shutdown. Enabled of the handler
	// is asked by the calls themselves. Default slog.Default().
	Logger *slog.Logger
	// OnCall receives the end of each call of a breaker and of each attempt of a Retry once, refusals included, for
	// histograms and traces. It runs when the outcome is counted and before the call returns, in the goroutine that
	// reports the outcome (of a Permit: that of Done or Cancel), with the ctx that the call was given. It may be called
	// concurrently, and the call waits for it. A call that ended before it was
	// admitted, because its ctx was done, is not reported. A panic in OnCall is logged. Default nil: it costs nothing.
	OnCall func(context.Context, Call)
	// ChecksAtOnce is the maximum number of health checks that run at the same
	// time, first runs included. The timeout of a check starts when it runs. A
	// check that has exceeded its timeout no longer counts. Default 256.
	ChecksAtOnce int
	// Seed determines all jitter: of the waits of retries, the intervals of
	// checks and the pauses before restarts. Two Systems with the same Seed that
	// do the same have the same jitter, so a test can replay a run. Default 0: a
	// different seed each time.
	Seed uint64
}

// System runs breakers, retries and health checks. Use one System per process; it
// takes about 3 MB. Get it from Start. Safe for concurrent use.
type System struct {
	runtime       *system.System
	breakerShared *breaker.Shared
	retryShared   *retry.Shared
	breakers      system.Names[*Breaker]
	retries       system.Names[*Retry]
	health        *Health
}

// Start starts a System, which runs until Shutdown. A negative ChecksAtOnce is a
// *ConfigError, and so is a 32-bit machine.
func Start(cfg SystemConfig) (*System, error) {
	if cfg.ChecksAtOnce < 0 {
		return nil, &ConfigError{Kind: "system", Field: "ChecksAtOnce", Problem: messages.MustNotBeNegative(cfg.ChecksAtOnce)}
	}
	sys, err := system.Start(cmp.Or(cfg.Logger, slog.Default()), cfg.Seed)
	if err != nil {
		return nil, err
	}
	checks := newHealth(health.NewShared(sys, cmp.Or(cfg.ChecksAtOnce, 256)), cmp.Or(cfg.Version, "unknown"), time.Now())
	breakers := breaker.NewShared(sys)
	onCall := onCall(cfg.OnCall, sys.Logger())
	breakers.Probe, breakers.OnCall = checks.probe, onCall
	retries := &retry.Shared{Host: sys, OnCall: onCall}
	return &System{runtime: sys, breakerShared: breakers, retryShared: retries, health: checks}, nil
}

// valid reports whether s came from Start. A method that is called on any other
// System fails with a *ConfigError or returns the zero value.
func (s *System) valid() bool { return s != nil && s.runtime != nil }

// Shutdown ends the System. From then on new work returns ErrShutdown, and callers
// that wait between attempts return. Shutdown cancels the running checks, waits
// for them and delivers the pending events; no goroutine of the System is left.
// Guarded calls that are running return their own results.
//
// Shutdown returns nil once everything has stopped, and every subscriber and the log
// have received what waited for them. If ctx ends first, it returns an error that
// names the checks that are still running and says how many events wait; the rest
// goes on ending.
// A nil ctx is a *ConfigError. Shutdown may be called several times and
// concurrently. A subscriber, a check or a handler of the log must not wait for it.
func (s *System) Shutdown(ctx context.Context) error {
	if !s.valid() {
		return noSystem("system", "")
	}
	if ctx == nil {
		return &ConfigError{Kind: "system", Field: "ctx", Problem: messages.MustNotBeNil}
	}
	s.runtime.Close()
	for _, b := range s.breakers.Sorted() {
		b.handle.Close()
	}
	for _, r := range s.retries.Sorted() {
		r.handle.Close()
	}
	var stuckErr error
	if stuck := s.health.shutdown(ctx); len(stuck) > 0 {
		stuckErr = fmt.Errorf("health checks have not returned: %s: %w", messages.Printable(strings.Join(stuck, ", ")), ctx.Err())
	}
	return errors.Join(stuckErr, s.runtime.Shutdown(ctx))
}

// Subscribe calls fn with every Event from now on, in the order of emission. Each
// subscriber has its own goroutine. fn may call anything, but must not wait for
// Shutdown. If fn panics or ends its goroutine, that is logged, and the next event is
// delivered as ever. At most 65,536 changes wait for fn, and 1,024 events of single
// calls (Retrying, RetryExhausted, TimedOut, FallbackUsed); beyond that the oldest of
// them are dropped, and one Dropped reports how many. After cancel has returned, no
// further call of fn starts; the last one may still be running. A nil fn is never
// called. After Shutdown, Subscribe does nothing.
//
// A subscriber makes every event cost the call that emits it. To receive only some
// types of events, use SubscribeTo.
func (s *System) Subscribe(fn func(Event)) (cancel func()) {
	if !s.valid() {
		return func() {}
	}
	return s.runtime.Subscribe(fn)
}

// SubscribeTo is Subscribe for some types of events: those of the events in types,
// whose fields do not matter, and Dropped. An event of a type that no subscriber
// wants costs almost nothing.
//
//	cancel := system.SubscribeTo(fn, understudy.BreakerChanged{}, understudy.CheckChanged{})
func (s *System) SubscribeTo(fn func(Event), types ...Event) (cancel func()) {
	if !s.valid() {
		return func() {}
	}
	return s.runtime.SubscribeTo(fn, types...)
}

// Totals is what a System has counted since Start.
type Totals struct {
	Timeouts      uint64 // Timeouts that fired
	Fallbacks     uint64 // calls that a fallback answered
	EventsDropped uint64 // events and lines of the log that slow subscribers and a slow log have lost
	LeftBehind    uint64 // goroutines of hard Timeouts whose caller has gone and that still run; it goes down again
}

// Totals returns the totals, which are exact and cost a few loads. They count calls
// that have a policy of this System in them: a Timeout or a fallback alone belongs to
// no System. After Shutdown they go on counting the calls that still run.
func (s *System) Totals() Totals {
	if !s.valid() {
		return Totals{}
	}
	return Totals(s.runtime.Totals())
}

// Health returns the health checks of the System. It returns the same *Health
// every time.
func (s *System) Health() *Health {
	if !s.valid() {
		return nil
	}
	return s.health
}

// noSystem is the error of a method that was called on an invalid System.
func noSystem(kind, name string) error {
	return &ConfigError{Kind: kind, Name: name, Field: "System", Problem: "must come from Start"}
}

// isClosing reports whether Shutdown has begun.
func (s *System) isClosing() bool {
	select {
	case <-s.runtime.Closing():
		return true
	default:
		return false
	}
}

// warnIfDifferent logs a WARN if the settings given for a name that exists differ
// from those in use.
func (s *System) warnIfDifferent(kind, name string, used, given any) {
	if fields := changedFields(used, given); len(fields) > 0 {
		s.runtime.Logger().Warn("The first settings stay: "+kind+" '"+name+"' exists with another "+strings.Join(fields, ", "),
			kind, name, "differing", fields)
	}
}
