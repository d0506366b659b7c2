package api

import (
	"cmp"
	"context"
	"errors"
	"os"
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
	return s.drain(ctx, delay, 0, nil, finish)
}

// DrainConfig holds the settings of DrainOnSignal and Serve. The zero value means
// the defaults.
type DrainConfig struct {
	Delay   time.Duration                 // from "draining" to the first of Finish; default 5 s; 1 ns for none
	Limit   time.Duration                 // for Finish and Shutdown together; default 20 s
	Finish  []func(context.Context) error // functions that wait for the work in flight, such as (*http.Server).Shutdown; see Drain
	Signals []os.Signal                   // default SIGTERM and SIGINT
}

// DrainOnSignal blocks until a signal arrives or ctx ends, and then drains the
// System as Drain does. Call it last in main:
//
//	err := system.DrainOnSignal(ctx, understudy.DrainConfig{Finish: []func(context.Context) error{server.Shutdown}})
//
// A second signal skips the delay, and the third ends the process: after the second,
// cfg.Signals have their default effect again, as after signal.Reset. Signals less
// than a second apart are one signal. The end of ctx counts as the first.
//
// If a setting is negative, or a function or a signal is nil, DrainOnSignal returns
// a *ConfigError at once.
func (s *System) DrainOnSignal(ctx context.Context, cfg DrainConfig) error {
	cfg, err := s.drainConfig(ctx, cfg)
	if err != nil {
		return err
	}
	end, stop := awaitSignals(cfg.Signals)
	defer stop()
	return s.drainOn(ctx, cfg, end)
}

// drain is Drain with valid arguments. A limit above 0 is for finish and Shutdown
// together. The delay ends once skip is closed.
func (s *System) drain(ctx context.Context, delay, limit time.Duration, skip <-chan struct{}, finish []func(context.Context) error) error {
	log := s.runtime.Logger()
	s.health.drain()
	log.Info("Drain: readiness says 503", "delay", delay)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-skip:
	case <-ctx.Done():
	}
	if limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
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

// drainConfig returns cfg with the defaults filled in, or why a drain cannot start.
func (s *System) drainConfig(ctx context.Context, cfg DrainConfig) (DrainConfig, error) {
	if err := s.validateDrain(ctx, cfg.Delay, cfg.Finish); err != nil {
		return cfg, err
	}
	if cfg.Limit < 0 {
		return cfg, badDrain("Limit", messages.MustNotBeNegative(cfg.Limit))
	}
	if slices.Contains(cfg.Signals, nil) {
		return cfg, badDrain("Signals", "holds nil")
	}
	cfg.Delay = cmp.Or(cfg.Delay, 5*time.Second)
	cfg.Limit = cmp.Or(cfg.Limit, 20*time.Second)
	cfg.Finish = slices.Clone(cfg.Finish)
	if cfg.Signals = slices.Clone(cfg.Signals); len(cfg.Signals) == 0 {
		cfg.Signals = []os.Signal{syscall.SIGTERM, os.Interrupt}
	}
	return cfg, nil
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
