package main

import (
	"context"
	"time"
)

// Outage is what the callers of a service saw while its dependency was healthy,
// then sick, then healthy again.
type Outage struct {
	Guarded     bool
	Length      time.Duration
	From, To    time.Duration // when the dependency was sick
	Replies     []reply
	ReachedSick int64 // requests that reached it while it was sick
}

// outageRate is so low that the chart shows each request.
func (o options) outageRate() int { return min(o.rates[0], 100) }

func (o options) outageLength() time.Duration { return 3 * o.duration }

// measureOutages measures one outage plain and one guarded. It returns none if ctx
// ends.
func measureOutages(ctx context.Context, o options, p *progress) (outages []Outage, err error) {
	for _, guarded := range []bool{false, true} {
		out, err := measureOutage(ctx, o, guarded, p)
		if err != nil || ctx.Err() != nil {
			return nil, err
		}
		outages = append(outages, out)
	}
	return outages, nil
}

// measureOutage measures a service whose dependency is sick in the middle third of
// the time.
func measureOutage(ctx context.Context, o options, guarded bool, p *progress) (Outage, error) {
	out := Outage{Guarded: guarded, Length: o.outageLength(), From: o.duration, To: 2 * o.duration}
	err := serving(ctx, o, guarded, func(d *dependency, s *service) {
		l := load{url: s.url, rate: o.outageRate(), duration: out.Length, concurrency: o.concurrency, breakers: o.breakers}
		defer time.AfterFunc(out.From, func() { d.sick.Store(true) }).Stop()
		defer time.AfterFunc(out.To, func() { d.sick.Store(false) }).Stop()
		l.run(ctx, func(r reply) {
			p.request()
			out.Replies = append(out.Replies, r)
		})
		out.ReachedSick = d.reachedSick.Load()
	})
	return out, err
}

// answered returns how many replies were answers.
func (out Outage) answered() (n int) {
	for _, r := range out.Replies {
		if r.answered {
			n++
		}
	}
	return n
}
