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

// Drain takes the service out of traffic and stops it, in this order, which
// is logged:
//
//  1. /readyz answers 503 "draining", so that no new requests are sent here;
//  2. it waits delay, until that has got around (5 s is usual);
//  3. it calls each of finish, one after the other, to let work in flight end,
//     and the guarded calls within it;
//  4. it calls Shutdown.
//
// Finish is what waits for work. Drain cannot: a guarded call leaves no trace
// until it ends (which is why it costs next to nothing), so nobody could count
// those under way. Who began the work knows of it:
//
//	requests    server.Shutdown
//	gRPC        func(ctx context.Context) error {
//	                defer context.AfterFunc(ctx, server.Stop)() // no longer than ctx
//	                server.GracefulStop()
//	                return nil
//	            }
//	a worker    what stops it and waits for it, until ctx ends
//
// Shutdown cuts no call off, but releases whoever waits between retries: what
// is to have all its attempts must be waited for here.
//
// When ctx ends, the delay is over and finish and Shutdown get that ctx, as
// always. It returns the errors of finish and Shutdown, joined. A negative
// delay or a nil function is a *ConfigError, and nothing is done.
func (s *System) Drain(ctx context.Context, delay time.Duration, finish ...func(context.Context) error) error {
	if err := s.validateDrain(ctx, delay, finish); err != nil {
		return err
	}
	return s.drain(ctx, delay, nil, finish)
}

// DrainConfig holds the settings of DrainOnSignal. The zero value means the
// defaults.
type DrainConfig struct {
	Delay   time.Duration                 // between "draining" and the first of Finish; default 5 s; 1 ns for none
	Limit   time.Duration                 // for Finish and Shutdown together; default 20 s
	Finish  []func(context.Context) error // what lets work in flight end, such as (*http.Server).Shutdown: see Drain
	Signals []os.Signal                   // default SIGTERM and SIGINT
}

// DrainOnSignal waits for a signal, or the end of ctx, and then does what
// Drain does. A second signal skips the delay. Call it last in main:
//
//	err := system.DrainOnSignal(ctx, api.DrainConfig{Finish: []func(context.Context) error{server.Shutdown}})
//
// A setting that is negative, or a nil function, is a *ConfigError at once.
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

// drain does the work; something received from skip ends the delay.
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

// sum is a+b, or the longest duration if that is more; neither is negative.
func sum(a, b time.Duration) time.Duration { return a + min(b, math.MaxInt64-a) }

// drain makes readiness say "draining", for good.
func (h *Health) drain() { h.drained.Do(func() { close(h.draining) }) }

// Draining is closed when Drain or Shutdown begins: from then on /readyz is
// 503 "draining", whatever the checks say.
func (h *Health) Draining() <-chan struct{} {
	if !h.valid() {
		return nil
	}
	return h.draining
}
