package torture

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/api"
)

// caller calls one dependency after another.
func (w *world) caller(random *rand.Rand) {
	for time.Since(w.begun) < w.length {
		pause := 20 * time.Minute
		if w.storm.Load() > 0 {
			pause = 20 * time.Second
		}
		time.Sleep(time.Duration(random.Int64N(int64(pause))))
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.Int64N(int64(time.Minute))))
		if random.IntN(10) == 0 {
			cancel()
		}
		i := random.IntN(breakersThere)
		if eye := int(w.storm.Load()) - 1; eye >= 0 {
			i = (eye + random.IntN(10)) % breakersThere // a storm hits ten breakers
		}
		w.call(ctx, i, random)
		cancel()
	}
}

// call calls a dependency under one of several policies, and counts what it sees.
func (w *world) call(ctx context.Context, i int, random *rand.Rand) {
	draw := func() api.TimeoutConfig {
		return api.TimeoutConfig{Limit: 1 + time.Duration(random.Int64N(int64(20*time.Second))), Cooperative: random.IntN(4) == 0}
	}
	b, r, seen := w.breakers[i], w.retries[i], &w.seen[i]
	inner, which := draw(), random.IntN(5)
	policy := []api.Policy{b, api.Compose(r, b), api.Compose(draw(), r, b), api.Compose(draw(), b), api.Compose(r, b)}[which]
	var last attempt
	defer func() {
		last.end()
		if p := recover(); p != nil && p != any("a bug") {
			w.complain("a caller got the panic %v", p)
		}
	}()
	w.calls.Add(1)
	if (which == 1 || which == 2 || which == 4) && ctx.Err() == nil {
		seen.retried.Add(1)
	}
	err := api.Run(ctx, policy, func(ctx context.Context) error {
		seen.admitted.Add(1)
		last.begin(&seen.running)
		defer last.end()
		if b.State() == api.HalfOpen {
			w.capped(i)
		}
		if which > 3 {
			return api.Run(ctx, inner, func(ctx context.Context) error { return w.dependency(ctx, i) })
		}
		return w.dependency(ctx, i)
	}, func(context.Context) error { return errBoom })
	if open := (*api.CircuitOpenError)(nil); errors.As(err, &open) {
		seen.refused.Add(1)
	}
}

// attempt is an admitted call of a breaker. It is running until its end has been
// reported, which a timeout does while the function still runs.
type attempt struct{ running atomic.Pointer[atomic.Int64] }

func (a *attempt) begin(running *atomic.Int64) {
	running.Add(1)
	a.running.Store(running)
}

func (a *attempt) end() {
	if running := a.running.Swap(nil); running != nil {
		running.Add(-1)
	}
}
