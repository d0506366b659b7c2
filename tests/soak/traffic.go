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

// dependency is a service that is called, and what is wrong with it now.
type dependency struct{ trouble atomic.Int32 }

const (
	well int32 = iota
	failing
	slow
	deaf // hangs, whatever its ctx says
	panicking
	troubles
)

var errDown = errors.New("down")

// bug is what the panics of this program panic with.
const bug = "a dependency with a bug"

func (d *dependency) call(ctx context.Context, luck uint64) error {
	switch d.trouble.Load() {
	case failing:
		switch luck % 10 {
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
		if luck%10 == 0 {
			panic(bug)
		}
		return errDown
	}
	return nil
}

// caller calls one dependency after the other, in every way there is.
func (w *world) caller(life context.Context, luck *rand.Rand) {
	for every(life, time.Duration(luck.IntN(5000))*time.Microsecond) {
		i := luck.IntN(len(w.breakers))
		limit := api.TimeoutConfig{Limit: time.Duration(5+luck.IntN(60)) * time.Millisecond, Operation: "soak", Cooperative: luck.IntN(3) == 0}
		b, r := w.breakers[i], w.retries[i%dependencies]
		policies := []api.Policy{b, r, limit, api.Compose(r, b), api.Compose(limit, r, b), api.Compose(r, b, limit), api.Compose(b, limit), nil}
		policy := policies[luck.IntN(len(policies))]
		ctx, cancel := context.WithTimeout(life, time.Duration(1+luck.IntN(300))*time.Millisecond)
		switch luck.IntN(50) {
		case 0:
			cancel()
		case 1:
			time.AfterFunc(time.Duration(luck.IntN(20))*time.Millisecond, cancel)
		}
		done := make(chan struct{})
		if exits := luck.IntN(100) == 0; exits {
			go func() { // ends with the call
				defer close(done)
				w.call(ctx, i, policy, luck.Uint64(), true)
			}()
			<-done
		} else {
			w.call(ctx, i, policy, luck.Uint64(), false)
		}
		cancel()
	}
}

// call makes one call and judges its answer.
func (w *world) call(ctx context.Context, i int, policy api.Policy, luck uint64, exits bool) {
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
		if exits && luck%2 == 0 {
			runtime.Goexit()
		}
		return 1, w.deps[i%dependencies].call(ctx, luck)
	}
	var err error
	switch luck % 5 {
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

// guardedBy reports whether calls under p go through b: it is told by asking.
func guardedBy(p api.Policy, b *api.Breaker) bool {
	switch p := p.(type) {
	case nil, *api.Retry, api.TimeoutConfig:
		return false
	case *api.Breaker:
		return p == b
	}
	return true // all that are composed here hold it
}

// callQuietly is a caller whose dependency is always well: what others suffer
// must not reach it.
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

// hold takes permits, and reports them, gives them back, reports them twice,
// or forgets them.
func (w *world) hold(life context.Context, luck *rand.Rand) {
	i := luck.IntN(len(w.breakers))
	p, err := w.breakers[i].Acquire(life)
	if err != nil {
		if !w.tally.answer(err) {
			w.complain("Acquire: %v", err)
		}
		return
	}
	w.tally.permits.Add(1)
	switch luck.IntN(5) {
	case 0:
		p.Done(errDown)
	case 1:
		p.Cancel()
	case 2: // forgotten: a trial's place comes back at its deadline
	default:
		p.Done(nil)
		p.Done(errDown)
	}
}

// trouble breaks and repairs the dependencies.
func (w *world) trouble(_ context.Context, luck *rand.Rand) {
	w.deps[luck.IntN(dependencies)].trouble.Store(max(well, luck.Int32N(2*troubles)-troubles))
}
