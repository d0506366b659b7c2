package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/understudy-go/understudy/api"
)

// measure measures all steps: healthy, then sick; at each rate plain, then guarded.
// If a chart is wanted, it also measures the outages. Steps that ctx interrupts are
// left out.
func measure(ctx context.Context, o options, stderr io.Writer) (steps []Step, outages []Outage, err error) {
	p := newProgress(stderr, o)
	defer p.finish()
	for _, sick := range []bool{false, true} {
		for _, rate := range o.rates {
			for _, guarded := range []bool{false, true} {
				step, err := measureStep(ctx, o, rate, sick, guarded, p)
				if err != nil {
					return nil, nil, err
				}
				if ctx.Err() != nil {
					return steps, nil, nil
				}
				steps = append(steps, step)
				p.done(step)
			}
		}
	}
	if o.chart != "" {
		outages, err = measureOutages(ctx, o, p)
	}
	return steps, outages, err
}

// measureStep measures a service whose dependency is healthy or sick.
func measureStep(ctx context.Context, o options, rate int, sick, guarded bool, p *progress) (step Step, err error) {
	err = serving(ctx, o, guarded, func(d *dependency, s *service) {
		d.sick.Store(sick)
		l := load{url: s.url, rate: rate, duration: o.duration, concurrency: o.concurrency, breakers: o.breakers}
		step = l.run(ctx, func(reply) { p.request() })
		step.Guarded, step.Sick, step.Reached = guarded, sick, d.reached.Load()
	})
	return step, err
}

// serving calls use with a new dependency and a new service, and stops both
// afterwards.
func serving(ctx context.Context, o options, guarded bool, use func(*dependency, *service)) (err error) {
	d, err := newDependency()
	if err != nil {
		return err
	}
	defer d.stop()

	var sys *api.System
	if guarded {
		if sys, err = api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)}); err != nil {
			return err
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
		return err
	}
	defer s.stop()
	use(d, s)
	return nil
}
