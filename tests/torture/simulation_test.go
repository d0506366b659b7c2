package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// TestWholeSystemsKeepTheirPromisesUnderFaults simulates whole systems in
// virtual time, each from a seed: breakers, retries with budgets, timeouts,
// checks and callers, dependencies that hang, flap and panic, operators, bad
// subscribers, and a shutdown at any moment. Afterwards every caller has
// returned, the totals add up, every chain of events is legal, and no goroutine
// is left (or the bubble would not end).
func TestWholeSystemsKeepTheirPromisesUnderFaults(t *testing.T) {
	calls := uint64(0)
	for n := range 6 * *more {
		from := *seed + uint64(n)
		if !t.Run(fmt.Sprint("seed ", from), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{luck: rand.New(rand.NewPCG(from, 3)), trouble: make([]atomic.Int32, 40), shut: n%3 == 2}
				w.live(t)
				calls += w.calls.Load()
			})
		}) {
			t.Fatalf("replay it with: go test ./tests/torture -run WholeSystems -seed %d", from)
		}
	}
	t.Logf("%d systems, %d calls", 6**more, calls)
}

// world is one simulated system and those who use it.
type world struct {
	luck     *rand.Rand
	shut     bool // the system is shut down while all run
	s        *api.System
	breakers []*api.Breaker
	retries  []*api.Retry
	trouble  []atomic.Int32 // of each dependency: what is wrong with it
	calls    atomic.Uint64
	admitted [40]atomic.Uint64 // calls whose fn began, by breaker

	mu     sync.Mutex
	states map[string]api.State
	broken []string
}

const (
	well int32 = iota
	failing
	slow
	hanging
	panicking
)

func (w *world) live(t *testing.T) {
	w.s, w.states = start(t), map[string]api.State{}
	w.s.Subscribe(w.watch)
	w.s.Subscribe(func(api.Event) { time.Sleep(time.Millisecond) })
	w.s.Subscribe(func(api.Event) { panic("a bad listener") })
	for i := range w.trouble {
		b, err := w.s.Breaker(fmt.Sprint("dependency ", i), api.BreakerConfig{
			FailureThreshold: 1 + w.luck.IntN(5), ResetTimeout: time.Duration(1+w.luck.IntN(60)) * time.Second,
			HalfOpenMaxCalls: 1 + w.luck.IntN(3), ResetBackoff: 1 + w.luck.Float64(), FailureRate: w.luck.Float64(),
			TrialTimeout: time.Duration(1+w.luck.IntN(20)) * time.Second,
			Window:       []api.Window{api.CountWindow(30), api.TimeWindow(time.Minute)}[w.luck.IntN(2)],
		})
		require.NoError(t, err)
		r, err := w.s.Retry(fmt.Sprint("retry ", i), api.RetryConfig{Budget: &api.RetryBudget{Ratio: w.luck.Float64()}})
		require.NoError(t, err)
		require.NoError(t, w.s.Health().Register(fmt.Sprint("check ", i), api.CheckConfig{}, api.Ping(func(ctx context.Context) error { return w.dependency(ctx, i) })))
		w.breakers, w.retries = append(w.breakers, b), append(w.retries, r)
	}
	var callers, others sync.WaitGroup
	over, stop := context.WithCancel(context.Background())
	for range 150 {
		luck := rand.New(rand.NewPCG(w.luck.Uint64(), 4))
		callers.Go(func() { w.caller(luck) })
	}
	luck := rand.New(rand.NewPCG(w.luck.Uint64(), 5))
	others.Go(func() { w.faults(over, luck) })
	if w.shut {
		time.Sleep(time.Duration(w.luck.IntN(1800)) * time.Second)
		require.NoError(t, w.s.Shutdown(context.Background()))
	}
	callers.Wait()
	stop()
	others.Wait()
	for i := range w.trouble {
		w.trouble[i].Store(well)
	}
	time.Sleep(10 * time.Minute) // what hangs is released, overdue trials fail
	w.judge(t)
}

// dependency is one of the services that are called.
func (w *world) dependency(ctx context.Context, i int) error {
	switch w.trouble[i].Load() {
	case failing:
		return errBoom
	case slow:
		time.Sleep(3 * time.Second)
	case hanging: // whatever its ctx says
		time.Sleep(5 * time.Minute)
	case panicking:
		panic("a bug")
	}
	return ctx.Err()
}

// caller calls one dependency after another for half an hour or so.
func (w *world) caller(luck *rand.Rand) {
	for range 100 {
		time.Sleep(time.Duration(luck.IntN(30_000)) * time.Millisecond)
		i := luck.IntN(len(w.trouble))
		limit := api.TimeoutConfig{Limit: time.Duration(1+luck.IntN(20)) * time.Second, Cooperative: luck.IntN(4) == 0}
		b, r := w.breakers[i], w.retries[i]
		policy := []api.Policy{b, api.Compose(r, b), api.Compose(limit, r, b), api.Compose(r, b, limit)}[luck.IntN(4)]
		ctx, cancel := context.WithTimeout(context.Background(), time.Duration(luck.IntN(60_000))*time.Millisecond)
		if luck.IntN(5) == 0 {
			cancel()
		}
		w.call(ctx, i, policy)
		cancel()
	}
}

func (w *world) call(ctx context.Context, i int, policy api.Policy) {
	defer func() {
		if r := recover(); r != nil && r != any("a bug") {
			w.complain("a caller got the panic %v", r)
		}
	}()
	w.calls.Add(1)
	_ = api.Run(ctx, policy, func(ctx context.Context) error {
		w.admitted[i].Add(1)
		return w.dependency(ctx, i)
	}, func(context.Context) error { return errBoom })
}

// faults breaks and repairs dependencies, and plays the operator.
func (w *world) faults(over context.Context, luck *rand.Rand) {
	for over.Err() == nil {
		time.Sleep(time.Duration(1+luck.IntN(5000)) * time.Millisecond)
		i := luck.IntN(len(w.trouble))
		w.trouble[i].Store(max(well, int32(luck.IntN(7))-2))
		b := w.breakers[i]
		var err error
		switch luck.IntN(40) {
		case 0:
			err = b.ForceOpen()
		case 1:
			err = b.Disable()
		case 2, 3:
			err = b.Reset()
		case 4:
			cfg := b.Config()
			cfg.HalfOpenMaxCalls = 1 + luck.IntN(4)
			err = b.Configure(cfg)
		}
		s, statsErr := b.Stats()
		if s.Trials > 4 {
			w.complain("%d trials at once", s.Trials)
		}
		if err := errors.Join(err, statsErr); err != nil && !(w.shut && errors.Is(err, api.ErrShutdown)) {
			w.complain("an order failed: %v", err)
		}
	}
}

func (w *world) complain(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.broken = append(w.broken, fmt.Sprintf(format, args...))
}

// watch follows the changes of every breaker: each begins where the last ended.
func (w *world) watch(e api.Event) {
	change, ok := e.(api.BreakerChanged)
	if !ok {
		return
	}
	w.mu.Lock()
	last := w.states[change.Name]
	w.states[change.Name] = change.To
	w.mu.Unlock()
	if last != change.From {
		w.complain("%s went from %v to %v, but it was %v", change.Name, change.From, change.To, last)
	}
}

func (w *world) judge(t *testing.T) {
	for i, b := range w.breakers {
		s, err := b.Stats()
		if w.shut {
			require.ErrorIs(t, err, api.ErrShutdown)
			require.ErrorIs(t, b.Run(context.Background(), func(context.Context) error { return nil }), api.ErrShutdown)
			continue
		}
		require.NoError(t, err)
		require.Zero(t, s.Trials, "%+v", s)
		ended := s.Successes + s.Failures + s.Ignored + s.Late
		// Past the fn that ran there are admissions that were given back at once
		// (Ignored), and trials that failed overdue and then came late.
		require.GreaterOrEqual(t, ended, w.admitted[i].Load(), "a result was lost: %+v", s)
		require.Equal(t, b.State(), s.State)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	require.Empty(t, w.broken)
}
