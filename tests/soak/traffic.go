package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/api"
)

// dependency is a service, and what is wrong with it now.
type dependency struct{ trouble atomic.Int32 }

const (
	well int32 = iota
	failing
	slow
	deaf // hangs, and ignores its ctx
	panicking
	troubles
)

var errDown = errors.New("down")

// bug is the value of all panics in this program.
const bug = "a dependency with a bug"

func (d *dependency) call(ctx context.Context, random uint64) error {
	switch d.trouble.Load() {
	case failing:
		switch random % 10 {
		case 0:
			return api.Permanent(errDown)
		case 1:
			return api.RetryAfter(errDown, 10*time.Millisecond)
		}
		return errDown
	case slow:
		if !every(ctx, 40*time.Millisecond) {
			return ctx.Err()
		}
	case deaf:
		time.Sleep(150 * time.Millisecond)
	case panicking:
		if random%10 == 0 {
			panic(bug)
		}
		return errDown
	}
	return nil
}

// caller calls random dependencies, in every way that the library has.
func (w *world) caller(life context.Context, random *rand.Rand) {
	for every(life, time.Duration(random.IntN(5000))*time.Microsecond) {
		i := random.IntN(len(w.breakers))
		limit := api.TimeoutConfig{Limit: time.Duration(5+random.IntN(60)) * time.Millisecond, Operation: "soak", Cooperative: random.IntN(3) == 0}
		b, r := w.breakers[i], w.retries[i%dependencies]
		policies := []api.Policy{b, r, limit, api.Compose(r, b), api.Compose(limit, r, b), api.Compose(r, b, limit), api.Compose(b, limit), nil}
		policy := policies[random.IntN(len(policies))]
		ctx, cancel := context.WithTimeout(life, time.Duration(1+random.IntN(300))*time.Millisecond)
		switch random.IntN(50) {
		case 0:
			cancel()
		case 1:
			time.AfterFunc(time.Duration(random.IntN(20))*time.Millisecond, cancel)
		}
		done := make(chan struct{})
		if exits := random.IntN(100) == 0; exits {
			go func() { // ends with the call
				defer close(done)
				w.call(ctx, i, policy, random.Uint64(), true)
			}()
			<-done
		} else {
			w.call(ctx, i, policy, random.Uint64(), false)
		}
		cancel()
	}
}

// call makes one call and checks its answer.
func (w *world) call(ctx context.Context, i int, policy api.Policy, random uint64, exits bool) {
	w.tally.calls.Add(1)
	defer func() {
		switch p := recover(); p {
		case nil:
		case any(bug):
			w.tally.panics.Add(1)
		default:
			w.complain("a caller got the panic %v", p)
		}
	}()
	inside := guardedBy(policy, w.breakers[i])
	fn := func(ctx context.Context) (int, error) {
		if inside {
			w.begun[i].Add(1)
		}
		if exits && random%2 == 0 {
			runtime.Goexit()
		}
		return 1, w.deps[i%dependencies].call(ctx, random)
	}
	var err error
	switch random % 5 {
	case 0:
		_, err = api.Do(ctx, policy, fn, api.WhenOpen(api.Value(2)), api.WhenTimeout(api.Value(3)))
	case 1:
		_, err = api.NewFallback("soak", api.Wrap(policy, fn)).Default(4).Execute(ctx)
	default:
		_, err = api.Do(ctx, policy, fn)
	}
	if !w.tally.answer(err) {
		w.complain("a caller got %v", err)
	}
}

// guardedBy reports whether calls under p go through b.
func guardedBy(p api.Policy, b *api.Breaker) bool {
	switch p := p.(type) {
	case nil, *api.Retry, api.TimeoutConfig:
		return false
	case *api.Breaker:
		return p == b
	}
	return true // all compositions here contain b
}

// callQuietly calls through a breaker whose dependency never fails. The failures of
// other dependencies must not affect it.
func (w *world) callQuietly(context.Context, *rand.Rand) {
	began := time.Now()
	err := w.quiet.Run(context.Background(), func(context.Context) error { return nil })
	took := time.Since(began)
	if err != nil {
		w.complain("the quiet breaker answered %v", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.latency.RecordValue(min(took, time.Minute).Nanoseconds())
}

// hold acquires a permit, and reports it, cancels it, reports it twice or forgets
// it.
func (w *world) hold(life context.Context, random *rand.Rand) {
	i := random.IntN(len(w.breakers))
	p, err := w.breakers[i].Acquire(life)
	if err != nil {
		if !w.tally.answer(err) {
			w.complain("Acquire: %v", err)
		}
		return
	}
	w.tally.permits.Add(1)
	switch random.IntN(5) {
	case 0:
		p.Done(errDown)
	case 1:
		p.Cancel()
	case 2: // forgotten: if it is a trial, it fails at its deadline
	default:
		p.Done(nil)
		p.Done(errDown)
	}
}

// trouble breaks and repairs the dependencies.
func (w *world) trouble(_ context.Context, random *rand.Rand) {
	w.deps[random.IntN(dependencies)].trouble.Store(max(well, random.Int32N(2*troubles)-troubles))
}
