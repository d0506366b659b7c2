package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/understudy-go/understudy/api"
)

// poison makes the owner of a breaker, a retry or a check crash on its next
// message; antidote undoes that. died returns how often owners have crashed, and
// lostTo how many results a breaker has lost in crashes; forget sets both to 0.
// All do nothing unless the library was built for crashes: see poison_test.go.
var (
	poison   = func(name string) {}
	antidote = func() {}
	forget   = func() {}
	died     = func() int { return 0 }
	lostTo   = func(name string) uint64 { return 0 }
)

// dependency is one of the services that are called.
func (w *world) dependency(ctx context.Context, i int) error {
	switch w.seen[i].trouble.Load() {
	case failing:
		return errBoom
	case slow:
		time.Sleep(3 * time.Second)
	case flapping:
		if time.Since(w.begun)/time.Second%20 < 10 {
			return errBoom
		}
	case hanging: // ignoring ctx
		time.Sleep(5 * time.Minute)
	case panicking:
		panic("a bug")
	}
	return ctx.Err()
}

// pause sleeps for a random time up to limit, and reports whether to go on.
func (w *world) pause(over context.Context, random *rand.Rand, limit time.Duration) bool {
	select {
	case <-time.After(1 + time.Duration(random.Int64N(int64(limit)))):
	case <-over.Done():
	}
	return over.Err() == nil && !w.closing.Load()
}

// faults breaks and repairs one dependency after another, and poisons owners.
func (w *world) faults(over context.Context, random *rand.Rand) {
	for w.pause(over, random, 2*time.Minute) {
		w.seen[random.IntN(breakersThere)].trouble.Store(max(well, int32(random.IntN(int(panicking)+3))-2))
		switch what := random.IntN(20); {
		case what < 4:
			w.poison(dependencyName(random.IntN(breakersThere)), random)
		case what == 4:
			w.poison(fmt.Sprint("retry ", random.IntN(breakersThere)), random)
		case what == 5:
			w.poison(checkName(random.IntN(checksThere)), random)
		}
	}
}

func (w *world) poison(name string, random *rand.Rand) {
	for range 1 + random.IntN(8) {
		poison(name)
	}
}

// storms breaks all dependencies at once while all callers call.
func (w *world) storms(over context.Context, random *rand.Rand) {
	for w.pause(over, random, 6*time.Hour) {
		w.storm.Store(int32(1 + random.IntN(breakersThere)))
		for i := range w.seen {
			w.seen[i].trouble.Store(1 + int32(random.IntN(int(panicking))))
		}
		w.pause(over, random, 20*time.Minute)
		w.storm.Store(0)
		for i := range w.seen {
			w.seen[i].trouble.Store(well)
		}
	}
}

// operator controls breakers and changes settings.
func (w *world) operator(over context.Context, random *rand.Rand) {
	for w.pause(over, random, 5*time.Minute) {
		i := random.IntN(breakersThere)
		b, seen := w.breakers[i], &w.seen[i]
		var err error
		switch random.IntN(8) {
		case 0:
			err = b.ForceOpen()
		case 1:
			err = b.Disable()
		case 2, 3, 4:
			err = b.Reset()
		case 5:
			cfg := b.Config()
			cfg.HalfOpenMaxCalls = 1 + random.IntN(4)
			cfg.FailureRate = random.Float64()
			seen.trials.Store(max(seen.trials.Load(), int64(cfg.HalfOpenMaxCalls)))
			err = b.Configure(cfg)
		case 6:
			cfg := w.retries[i].Config()
			cfg.MaxAttempts = 1 + random.IntN(4)
			err = w.retries[i].Configure(cfg)
		case 7:
			err = w.replace(random.IntN(checksThere))
		}
		if err != nil && !errors.Is(err, api.ErrCrashed) && !(w.closing.Load() && errors.Is(err, api.ErrShutdown)) {
			w.complain("an operation failed: %v", err)
		}
	}
}

// replace deregisters a check, unless another depends on it, and registers it
// again.
func (w *world) replace(i int) error {
	name := checkName(i)
	err := w.s.Health().Deregister(name)
	if refused := (*api.ConfigError)(nil); errors.As(err, &refused) && refused.Field == "DependsOn" {
		return nil
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	delete(w.checks, name)
	w.mu.Unlock()
	return w.s.Health().Register(name, api.CheckConfig{}, w.check(i))
}

// check looks at one of the dependencies.
func (w *world) check(i int) api.Check {
	return api.Ping(func(ctx context.Context) error {
		w.note(time.Now(), checkName(i), "runs")
		return w.dependency(ctx, i)
	})
}
