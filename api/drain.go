package api

import (
	"context"
	"errors"
	"math"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Drain takes the service out of traffic and stops it. It logs each step:
//
//  1. /readyz answers 503 "draining", so that the service receives no new requests.
//  2. Drain waits for delay (typically 5 s), so that load balancers notice.
//  3. Drain calls each function of finish, one after the other. They must wait for
//     the work in flight.
//  4. Drain calls Shutdown.
//
// Drain itself cannot wait for the work in flight, because running calls are not
// tracked. The functions of finish depend on the kind of work:
//
//	HTTP        server.Shutdown
//	gRPC        func(ctx context.Context) error {
//	                defer context.AfterFunc(ctx, server.Stop)() // no longer than ctx
//	                server.GracefulStop()
//	                return nil
//	            }
//	a worker    a function that stops it and waits for it, at most until ctx ends
//
// Shutdown does not interrupt calls, but it ends waits between retries. If a call
// must keep its retries, wait for it in finish.
//
// If ctx ends, Drain skips the rest of the delay; finish and Shutdown still run,
// with that ctx. Drain returns the errors of finish and Shutdown, joined. A nil
// ctx, a negative delay or a nil function is a *ConfigError, and nothing is done.
func (s *System) Drain(ctx context.Context, delay time.Duration, finish ...func(context.Context) error) error {
	if err := s.validateDrain(ctx, delay, finish); err != nil {
		return err
	}
	return s.drain(ctx, delay, nil, finish)
}

// DrainConfig holds the settings of DrainOnSignal. The zero value means the
// defaults.
type DrainConfig struct {
	Delay   time.Duration                 // from "draining" to the first of Finish; default 5 s; 1 ns for none
	Limit   time.Duration                 // for Finish and Shutdown together; default 20 s
	Finish  []func(context.Context) error // functions that wait for the work in flight, such as (*http.Server).Shutdown; see Drain
	Signals []os.Signal                   // default SIGTERM and SIGINT
}

// DrainOnSignal blocks until a signal arrives or ctx ends, and then drains the
// System as Drain does. A second signal skips the delay. Call it last in main:
//
//	err := system.DrainOnSignal(ctx, understudy.DrainConfig{Finish: []func(context.Context) error{server.Shutdown}})
//
// If a setting is negative, or a function or a signal is nil, DrainOnSignal returns
// a *ConfigError at once.
func (s *System) DrainOnSignal(ctx context.Context, cfg DrainConfig) error {
	if err := s.validateDrain(ctx, cfg.Delay, cfg.Finish); err != nil {
		return err
	}
	if cfg.Limit < 0 {
		return badDrain("Limit", messages.MustNotBeNegative(cfg.Limit))
	}
	if slices.Contains(cfg.Signals, nil) {
		return badDrain("Signals", "holds nil")
	}
	if cfg.Delay == 0 {
		cfg.Delay = 5 * time.Second
	}
	if cfg.Limit == 0 {
		cfg.Limit = 20 * time.Second
	}
	if len(cfg.Signals) == 0 {
		cfg.Signals = []os.Signal{syscall.SIGTERM, os.Interrupt}
	}
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, cfg.Signals...)
	defer signal.Stop(signals)
	return s.drainOn(ctx, cfg, signals)
}

// drainOn is DrainOnSignal with valid settings and a channel of signals.
func (s *System) drainOn(ctx context.Context, cfg DrainConfig, signals <-chan os.Signal) error {
	select {
	case sig := <-signals:
		s.runtime.Logger().Info("Drain begins", "signal", sig.String())
	case <-ctx.Done():
		s.runtime.Logger().Info("Drain begins", "cause", context.Cause(ctx).Error())
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), sum(cfg.Delay, cfg.Limit))
	defer cancel()
	return s.drain(limited, cfg.Delay, signals, cfg.Finish)
}

// drain is Drain with valid arguments. A signal from skip ends the delay.
func (s *System) drain(ctx context.Context, delay time.Duration, skip <-chan os.Signal, finish []func(context.Context) error) error {
	log := s.runtime.Logger()
	s.health.drain()
	log.Info("Drain: readiness says 503", "delay", delay)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-skip:
		log.Info("Drain: a second signal skips the delay")
	case <-ctx.Done():
	}
	log.Info("Drain: letting work in flight finish", "steps", len(finish))
	var errs []error
	for _, step := range finish {
		errs = append(errs, step(ctx))
	}
	log.Info("Drain: shutting down")
	errs = append(errs, s.Shutdown(ctx))
	err := errors.Join(errs...)
	log.Info("Drain: done", "error", err)
	return err
}

// validateDrain returns why a drain cannot start.
func (s *System) validateDrain(ctx context.Context, delay time.Duration, finish []func(context.Context) error) error {
	if !s.valid() {
		return noSystem("system", "")
	}
	if ctx == nil {
		return badDrain("ctx", messages.MustNotBeNil)
	}
	if delay < 0 {
		return badDrain("Delay", messages.MustNotBeNegative(delay))
	}
	for _, step := range finish {
		if step == nil {
			return badDrain("Finish", "holds a nil function")
		}
	}
	return nil
}

func badDrain(field, problem string) error {
	return &ConfigError{Kind: "drain", Field: field, Problem: problem}
}

// sum returns a+b, or the maximum duration if that overflows. Neither is negative.
func sum(a, b time.Duration) time.Duration { return a + min(b, math.MaxInt64-a) }

// drain makes /readyz answer 503 "draining" from now on.
func (h *Health) drain() { h.drained.Do(func() { close(h.draining) }) }

// Draining returns a channel that is closed when Drain or Shutdown begins. From
// then on /readyz is 503 "draining", whatever the checks report.
func (h *Health) Draining() <-chan struct{} {
	if !h.valid() {
		return nil
	}
	return h.draining
}
