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
	"github.com/understudy-go/understudy/messages"
	"github.com/understudy-go/understudy/system"
)

// SystemConfig holds the settings of a System. The zero value is ready.
type SystemConfig struct {
	// Version is the application's version, which health shows. Default "unknown".
	Version string
	// Logger takes the log. Default slog.Default().
	Logger *slog.Logger
	// ChecksAtOnce is how many health checks run at the same time, first runs
	// included; the others wait in line, and their timeouts have not begun. A
	// check that outlives its timeout no longer counts. Default 256.
	ChecksAtOnce int
	// Seed decides the jitter of everything: the waits of retries, the intervals
	// of checks and the pauses before restarts. Two systems of one seed that do
	// the same have the same jitter: a test can replay what happened. Default: a
	// different one each time.
	Seed uint64
}

// System runs breakers, retries and health checks. One per process is meant: it
// costs about 3 MB.
type System struct {
	runtime       *system.System
	breakerShared *breaker.Shared
	breakers      system.Names[*Breaker]
	retries       system.Names[*Retry]
	health        *Health
}

// Start starts a System. Shutdown ends it. A negative ChecksAtOnce is a
// *ConfigError.
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
	breakers.Probe = checks.probe
	return &System{runtime: sys, breakerShared: breakers, health: checks}, nil
}

// valid reports whether s came from Start.
func (s *System) valid() bool { return s != nil && s.runtime != nil }

// Shutdown ends the System: new work is refused with ErrShutdown, whoever waits
// between retries is released, running checks are cancelled and waited for,
// events that wait are delivered, and no goroutine is left. Calls that run
// return their own results. It returns nil once everything has stopped, or an
// error when ctx ends first, naming the checks that are stuck; what is left
// then goes on ending. It may be called again, and from many goroutines; a
// subscriber or a check must not wait for it.
func (s *System) Shutdown(ctx context.Context) error {
	if !s.valid() || ctx == nil {
		return &ConfigError{Kind: "system", Field: "Shutdown", Problem: "needs a System that came from Start, and a ctx"}
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
		stuckErr = fmt.Errorf("health checks have not returned: %s: %w", strings.Join(stuck, ", "), ctx.Err())
	}
	return errors.Join(stuckErr, s.runtime.Shutdown(ctx))
}

// Subscribe calls fn with every Event from now on, in the order they happened,
// from a goroutine of fn's own. fn may call anything but wait for Shutdown; if
// it panics, the panic is logged. At most 1,024 events wait for fn; beyond that
// the oldest are lost and one Dropped tells how many. After cancel has returned
// fn gets no further event; a call that has begun may still be running.
func (s *System) Subscribe(fn func(Event)) (cancel func()) {
	if !s.valid() {
		return func() {}
	}
	return s.runtime.Subscribe(fn)
}

// Health returns the system's health checks.
func (s *System) Health() *Health {
	if !s.valid() {
		return nil
	}
	return s.health
}

func noSystem(kind, name string) error {
	return &ConfigError{Kind: kind, Name: name, Field: "System", Problem: messages.MustNotBeNil}
}

func (s *System) isClosing() bool {
	select {
	case <-s.runtime.Closing():
		return true
	default:
		return false
	}
}

// warnIfDifferent logs that settings given for a name that exists are not used.
func (s *System) warnIfDifferent(kind, name string, used, given any) {
	if fields := changedFields(used, given); len(fields) > 0 {
		s.runtime.Logger().Warn("The first settings stay: "+kind+" '"+name+"' exists with another "+strings.Join(fields, ", "),
			kind, name, "differing", fields)
	}
}
