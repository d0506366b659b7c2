package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/understudy-go/understudy/api"
)

const (
	dependencies = 8
	pool         = 200 // names of breakers and retries, in use one after the other
)

// world is one system, its users, and what they saw.
type world struct {
	o        options
	s        *api.System
	deps     [dependencies]dependency
	breakers []*api.Breaker // two for each dependency
	retries  []*api.Retry   // one for each dependency
	quiet    *api.Breaker   // for a dependency that never fails
	site     *site
	begun    [2 * dependencies]atomic.Uint64 // calls that a breaker admitted
	tally    tally
	second   sync.Mutex // held while a second system runs

	mu      sync.Mutex
	broken  []string                // what was wrong
	states  map[string]api.State    // of breakers, by their events
	latency *hdrhistogram.Histogram // of calls through the quiet breaker
}

func newWorld(o options) (w *world, err error) {
	w = &world{o: o, states: map[string]api.State{}, latency: hdrhistogram.New(1, time.Minute.Nanoseconds(), 3)}
	logger := slog.New(w.tally.logs())
	slog.SetDefault(logger) // a Timeout alone uses it
	if w.s, err = api.Start(api.SystemConfig{Version: "soak", Logger: logger}); err != nil {
		return nil, err
	}
	for i := range 2 * dependencies {
		b, err := w.s.Breaker(fmt.Sprint("dependency ", i), breakerConfig(i))
		if err != nil {
			return nil, err
		}
		w.breakers = append(w.breakers, b)
	}
	for i := range dependencies {
		r, err := w.s.Retry(fmt.Sprint("dependency ", i), api.RetryConfig{
			InitialDelay: time.Duration(1+5*i) * time.Millisecond, MaxDelay: 100 * time.Millisecond,
			Jitter: []api.Jitter{api.JitterProportional, api.JitterNone, api.JitterFull, api.JitterEqual}[i%4], Budget: &api.RetryBudget{Ratio: float64(i) / 4, MinPerSecond: 5},
		})
		if err != nil {
			return nil, err
		}
		w.retries = append(w.retries, r)
	}
	if w.quiet, err = w.s.Breaker("quiet", api.BreakerConfig{}); err != nil {
		return nil, err
	}
	if err := w.registerChecks(); err != nil {
		return nil, err
	}
	w.site, err = w.serve()
	return w, err
}

// breakerConfig returns settings for breakers that open and close many times a
// minute.
func breakerConfig(i int) api.BreakerConfig {
	cfg := api.BreakerConfig{
		FailureThreshold: 3 + i%3, ResetTimeout: time.Duration(50+20*i) * time.Millisecond, HalfOpenMaxCalls: 1 + i%3,
		TrialTimeout: 200 * time.Millisecond, ResetBackoff: 1 + float64(i%3)/2, MaxResetTimeout: time.Second,
	}
	switch i % 4 {
	case 1:
		cfg.FailureRate, cfg.Window = 0.5, api.CountWindow(50)
	case 2:
		cfg.FailureRate, cfg.Window = 0.3, api.TimeWindow(time.Second)
	case 3:
		cfg.SlowCall, cfg.SlowCallRate = 30*time.Millisecond, 0.5
	}
	if i%5 == 4 {
		cfg.Probe = "probe"
	}
	return cfg
}

// live starts all users. They end soon after life does.
func (w *world) live(life context.Context, all *sync.WaitGroup) {
	w.s.Subscribe(w.watch)
	w.s.SubscribeTo(func(e api.Event) { // a slow subscriber, which loses events of single calls
		if lost, ok := e.(api.Dropped); ok {
			w.tally.dropped.Add(uint64(lost.Count))
		}
		time.Sleep(8 * time.Millisecond)
	}, api.Retrying{}, api.RetryExhausted{}, api.TimedOut{}, api.FallbackUsed{})
	w.s.Subscribe(func(e api.Event) {
		if _, ok := e.(api.BreakerChanged); ok {
			panic("a listener with a bug")
		}
	})
	for n := range w.o.callers {
		random := rand.New(rand.NewPCG(w.o.seed, uint64(n)))
		all.Go(func() { w.caller(life, random) })
	}
	for n, work := range []struct {
		pause time.Duration
		do    func(life context.Context, random *rand.Rand)
	}{
		{time.Millisecond, w.callQuietly},
		{100 * time.Millisecond, w.trouble},
		{50 * time.Millisecond, w.order},
		{5 * time.Millisecond, w.hold},
		{10 * time.Millisecond, w.comeUp},
		{50 * time.Millisecond, w.listen},
		{30 * time.Millisecond, w.churn},
		{20 * time.Millisecond, w.askChecks},
		{10 * time.Millisecond, w.scrape},
		{10 * time.Millisecond, w.scrape},
		{time.Second, w.another},
	} {
		random := rand.New(rand.NewPCG(w.o.seed, uint64(1_000_000+n)))
		all.Go(func() {
			for every(life, work.pause) {
				work.do(life, random)
			}
		})
	}
}

// end shuts everything down and compares the counts.
func (w *world) end(r *report) {
	w.site.stop()
	for i, b := range w.breakers {
		s, err := b.Stats()
		ended, begun := s.Successes+s.Failures+s.Ignored+s.Late, w.begun[i].Load()
		// An overdue trial is counted twice: as failed, and then as late. A permit that
		// was given back at once is counted, and its call never began.
		if err != nil || ended < begun {
			w.complain("breaker %d admitted %d calls and counted %d: %+v %v", i, begun, ended, s, err)
		}
		w.tally.opened.Add(s.Opened)
		w.tally.late.Add(s.Late)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := w.s.Shutdown(ctx); err != nil {
		w.complain("shutdown: %v", err)
	}
	w.site.client.CloseIdleConnections()
	w.mu.Lock()
	defer w.mu.Unlock()
	r.latency, r.broken, r.tally = w.latency, w.broken, &w.tally
}

// complain records what is wrong, up to twenty times.
func (w *world) complain(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.broken) < 20 {
		w.broken = append(w.broken, fmt.Sprintf(format, args...))
	}
}
