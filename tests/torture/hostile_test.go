package torture

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// In a hostile town all code of the users misbehaves: functions, contexts, errors,
// classifiers, callbacks, checks, subscribers and the log panic, block, end their
// goroutine and call back, while checks are registered and deregistered.
type town struct {
	*mischief
	s        *api.System
	breakers []*api.Breaker
	policies []api.Policy
	until    time.Time
}

const (
	townChecks   = 6
	townCallers  = 40
	checksAtOnce = 2
)

// Once the users behave, everything works: no permit, slot, timer or goroutine is lost.
//
// Promise (Torture): Code of the user that panics, blocks, exits or calls back wedges nothing and loses no permit and no slot, in whatever place.
func TestHostileUsersWedgeNothing(t *testing.T) {
	for n := range 6 * *more {
		from := *seed + uint64(n)
		synctest.Test(t, func(t *testing.T) {
			h := settle(t, rand.New(rand.NewPCG(from, 10)))
			h.riot()
			h.tamed.Store(true)
			time.Sleep(2 * time.Hour)
			h.judge(t)
			require.NoError(t, h.s.Shutdown(context.Background()))
			t.Logf("%d misdeeds", h.done.Load())
		})
		if t.Failed() {
			t.Fatalf("replay it with: go test ./tests/torture -run Hostile -seed %d", from)
		}
	}
}

// Promise (Torture): Shutdown ends by its ctx, whatever the users do.
func TestHostileUsersDoNotHoldShutdown(t *testing.T) {
	for n := range 6 * *more {
		from := *seed + uint64(n)
		synctest.Test(t, func(t *testing.T) {
			h := settle(t, rand.New(rand.NewPCG(from, 11)))
			over := make(chan struct{})
			go func() { defer close(over); h.riot() }() // ends after a while
			h.mu.Lock()
			wait := time.Duration(h.random.Int64N(int64(10 * time.Minute)))
			h.mu.Unlock()
			time.Sleep(wait)
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			begin := time.Now()
			_ = h.s.Shutdown(ctx)
			require.LessOrEqual(t, time.Since(begin), 10*time.Second)
			require.NoError(t, h.s.Shutdown(context.Background()))
			<-over
		})
		if t.Failed() {
			t.Fatalf("replay it with: go test ./tests/torture -run Hostile -seed %d", from)
		}
	}
}

func settle(t *testing.T, random *rand.Rand) *town {
	h := &town{mischief: &mischief{random: random}, until: time.Now().Add(10 * time.Minute)}
	h.tamed.Store(true)
	h.back = func() {}
	all := mayPanic | maySleep | mayExit | mayCall
	var err error
	h.s, err = api.Start(api.SystemConfig{
		Logger: slog.New(badLog{slog.DiscardHandler, h.mischief}), ChecksAtOnce: checksAtOnce, Seed: 1 + random.Uint64(),
		OnCall: func(context.Context, api.Call) { h.do(all) },
	})
	require.NoError(t, err)
	for i := range 3 {
		b, err := h.s.Breaker(fmt.Sprint("b", i), api.BreakerConfig{
			FailureThreshold: 3, ResetTimeout: 5 * time.Second, TrialTimeout: 20 * time.Second, HalfOpenMaxCalls: 2,
			Expected: []error{&badError{h.mischief}}, FailureRate: 0.9, SlowCall: time.Second,
		})
		require.NoError(t, err)
		h.breakers = append(h.breakers, b)
		r, err := h.s.Retry(fmt.Sprint("r", i), api.RetryConfig{
			InitialDelay: time.Second, Budget: &api.RetryBudget{Ratio: 1},
			OnRetry: func(error, int, time.Duration) { h.do(all) },
			Backoff: func(int, error) time.Duration { h.do(all); return time.Second },
		})
		require.NoError(t, err)
		hard := api.TimeoutConfig{Limit: 10 * time.Second, Late: func(any, error) { h.do(all) }}
		meddler := api.Around(func(ctx context.Context, next func(context.Context) error) error {
			h.do(all)
			err := next(ctx)
			h.do(all)
			return err
		})
		h.policies = append(h.policies, b, r, api.Compose(hard, r, b), api.Compose(r, b, hard), api.Compose(meddler, hard, r, meddler, b),
			api.Compose(api.Cooperative(hard), b), api.NewSwitch(api.Compose(hard, b)))
	}
	require.NoError(t, h.breakers[2].Configure(api.BreakerConfig{
		FailureThreshold: 3, ResetTimeout: 5 * time.Second, TrialTimeout: 20 * time.Second,
		Classify: func(err error) api.Outcome { h.do(all); return api.Outcome(h.draw(3)) },
	}))
	h.s.Subscribe(func(api.Event) { h.do(all) })
	h.back = h.callBack
	h.tamed.Store(false)
	return h
}

func (h *town) draw(n int) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.random.IntN(n)
}

// callBack uses the system from within.
func (h *town) callBack() {
	b := h.breakers[h.draw(len(h.breakers))]
	switch h.draw(6) {
	case 0:
		_ = b.Reset()
	case 1:
		_, _ = b.Stats()
	case 2:
		_, _ = h.s.Breaker("b0", api.BreakerConfig{FailureThreshold: 9})
	case 3:
		_ = b.Trip("mischief")
	case 4:
		h.checks()
	case 5:
		_ = b.Run(context.Background(), func(context.Context) error { return errBoom })
	}
}

// checks registers or deregisters a check.
func (h *town) checks() {
	name := fmt.Sprint("c", h.draw(townChecks))
	if h.draw(2) == 0 {
		_ = h.s.Health().Deregister(name)
		return
	}
	_ = h.s.Health().Register(name, api.CheckConfig{Interval: 2 * time.Second, Timeout: time.Second}, h.check)
}

func (h *town) check(context.Context) (api.Details, error) {
	h.do(mayPanic | maySleep | mayExit | mayCall)
	if h.draw(3) == 0 {
		return api.Details{"bad": &badError{h.mischief}}, &badError{h.mischief}
	}
	return nil, nil
}

// riot lets everybody do what they want, for a while.
func (h *town) riot() {
	var all sync.WaitGroup
	for range townCallers {
		all.Go(func() {
			for time.Now().Before(h.until) {
				h.call()
				time.Sleep(time.Duration(h.draw(int(20 * time.Second))))
			}
		})
	}
	all.Go(func() {
		for time.Now().Before(h.until) {
			h.checks()
			time.Sleep(time.Duration(h.draw(int(2 * time.Second))))
		}
	})
	all.Wait()
}

// call makes one call, which may end its goroutine.
func (h *town) call() {
	over := make(chan struct{})
	go func() { // ends with the call
		defer close(over)
		defer func() { _ = recover() }()
		ctx := &badContext{Context: context.Background(), m: h.mischief, ends: h.draw(3) == 0, done: make(chan struct{})}
		if ctx.ends {
			defer time.AfterFunc(time.Duration(h.draw(int(10*time.Second))), ctx.end).Stop()
		}
		fn := func(context.Context) (int, error) {
			h.do(mayPanic | maySleep | mayExit | mayCall)
			switch h.draw(4) {
			case 0:
				return 0, &badError{h.mischief}
			case 1:
				return 0, errBoom
			}
			return 1, nil
		}
		_, _ = api.Do(ctx, h.policies[h.draw(len(h.policies))], fn, fn)
	}()
	<-over
}

// judge requires that everything works, now that the users behave.
func (h *town) judge(t *testing.T) {
	synctest.Wait()
	for _, b := range h.breakers {
		s, err := b.Stats()
		require.NoError(t, err)
		require.Zero(t, s.Trials, "%+v", s)
		require.NoError(t, b.Reset())
	}
	require.Zero(t, h.s.Totals().LeftBehind)
	require.NoError(t, h.breakers[2].Configure(h.breakers[0].Config()))
	for i, p := range h.policies {
		require.NoError(t, api.Run(context.Background(), p, func(context.Context) error { return nil }), "policy %d", i)
	}
	for i := range townChecks {
		name := fmt.Sprint("c", i)
		_ = h.s.Health().Deregister(name)
		require.NoError(t, h.s.Health().Register(name, api.CheckConfig{Interval: time.Hour}, api.Ping(func(context.Context) error {
			time.Sleep(time.Second)
			return nil
		})))
	}
	time.Sleep(townChecks / checksAtOnce * time.Second)
	synctest.Wait()
	require.Equal(t, api.Healthy, h.s.Health().Status(), "%+v", h.s.Health().Snapshot().Checks)
}
