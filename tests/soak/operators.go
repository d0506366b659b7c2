package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/understudy-go/understudy/api"
)

// order plays an operator: it controls a breaker, changes settings or reads
// statistics.
func (w *world) order(_ context.Context, random *rand.Rand) {
	i := random.IntN(len(w.breakers))
	b := w.breakers[i]
	var err error
	switch random.IntN(10) {
	case 0:
		err = b.ForceOpen()
	case 1:
		err = b.Disable()
	case 2, 3, 4:
		err = b.Reset()
	case 5:
		cfg := breakerConfig(random.IntN(2 * dependencies))
		cfg.HalfOpenMaxCalls = 1 + random.IntN(3)
		err = b.Configure(cfg)
	case 6:
		r := w.retries[i%dependencies]
		cfg := r.Config()
		cfg.MaxAttempts = 1 + random.IntN(5)
		err = r.Configure(cfg)
	}
	s, statsErr := b.Stats()
	_, retryErr := w.retries[i%dependencies].Stats()
	if err := errors.Join(err, statsErr, retryErr); err != nil {
		w.complain("an operation failed: %v", err)
	}
	if s.Trials > 3 {
		w.complain("%d trials at once", s.Trials)
	}
	w.tally.orders.Add(1)
}

// comeUp uses breakers and retries with a growing number of names, up to pool.
func (w *world) comeUp(life context.Context, random *rand.Rand) {
	name := fmt.Sprint("name ", w.tally.names.Add(1)%pool)
	b, err := w.s.Breaker(name, api.BreakerConfig{ResetTimeout: 100 * time.Millisecond})
	if err != nil {
		w.complain("a new breaker: %v", err)
		return
	}
	r, err := w.s.Retry(name, api.RetryConfig{InitialDelay: time.Millisecond})
	if err != nil {
		w.complain("a new retry: %v", err)
		return
	}
	ctx, cancel := context.WithTimeout(life, 20*time.Millisecond)
	defer cancel()
	if err := api.Run(ctx, api.Compose(r, b), func(context.Context) error { return errDown }); !w.tally.answer(err) {
		w.complain("a new name got %v", err)
	}
}

// listen subscribes for a short time.
func (w *world) listen(life context.Context, random *rand.Rand) {
	cancel := w.s.Subscribe(func(api.Event) { _, _ = w.breakers[0].Stats() })
	every(life, time.Duration(random.IntN(100))*time.Millisecond)
	cancel()
}

// watch is a subscriber. It requires that each change of a breaker starts from the
// state in which the last one ended.
func (w *world) watch(e api.Event) {
	w.tally.events.Add(1)
	switch e := e.(type) {
	case api.Dropped:
		w.mu.Lock()
		clear(w.states) // lost changes are not known
		w.mu.Unlock()
	case api.BreakerChanged:
		w.mu.Lock()
		last, known := w.states[e.Name]
		w.states[e.Name] = e.To
		w.mu.Unlock()
		if known && last != e.From {
			w.complain("%s went from %v to %v, but it was %v", e.Name, e.From, e.To, last)
		}
	}
}

// another starts another system, uses it and shuts it down.
func (w *world) another(_ context.Context, random *rand.Rand) {
	w.second.Lock()
	defer w.second.Unlock()
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		w.complain("a second system: %v", err)
		return
	}
	s.Subscribe(func(api.Event) {})
	b, err := s.Breaker("b", api.BreakerConfig{FailureThreshold: 1})
	if err == nil {
		_ = b.Run(context.Background(), func(context.Context) error { return errDown })
		err = s.Health().Register("b", api.CheckConfig{}, s.BreakersCheck(b))
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if random.IntN(2) == 0 {
		err = errors.Join(err, s.Drain(ctx, time.Millisecond))
	}
	if err := errors.Join(err, s.Shutdown(ctx)); err != nil {
		w.complain("a second system: %v", err)
	}
	w.tally.systems.Add(1)
}
