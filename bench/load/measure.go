package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/understudy-go/understudy/api"
)

// measure takes every step: healthy, then sick; at each rate plain, then
// guarded. Steps that ctx cut short are left out.
func measure(ctx context.Context, o options, stderr io.Writer) (steps []Step, err error) {
	p := newProgress(stderr, o)
	defer p.finish()
	for _, sick := range []bool{false, true} {
		for _, rate := range o.rates {
			for _, guarded := range []bool{false, true} {
				step, err := measureStep(ctx, o, rate, sick, guarded, p)
				if err != nil {
					return nil, err
				}
				if ctx.Err() != nil {
					return steps, nil
				}
				steps = append(steps, step)
				p.done(step)
			}
		}
	}
	return steps, nil
}

// measureStep sets up a dependency and a service, attacks the service and
// takes everything down again, so that no step inherits anything.
func measureStep(ctx context.Context, o options, rate int, sick, guarded bool, p *progress) (step Step, err error) {
	d, err := newDependency()
	if err != nil {
		return step, err
	}
	defer d.stop()
	d.sick.Store(sick)

	var sys *api.System
	if guarded {
		if sys, err = api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)}); err != nil {
			return step, err
		}
		defer func() {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
			defer cancel()
			if e := sys.Shutdown(ctx); err == nil {
				err = e
			}
		}()
	}
	s, err := newService(d.url, sys, o.breakers, o.concurrency)
	if err != nil {
		return step, err
	}
	defer s.stop()

	step = load{url: s.url, rate: rate, duration: o.duration, concurrency: o.concurrency, breakers: o.breakers}.run(ctx, p.request)
	step.Guarded, step.Sick, step.Reached = guarded, sick, d.reached.Load()
	return step, nil
}
