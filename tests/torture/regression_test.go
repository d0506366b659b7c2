package torture

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// The defect: an operation such as Reset that came at the moment a trial became
// overdue, before the owner's timer, lost that trial. It was neither counted as a
// failure nor running.
//
// Promise (Torture): Defects found once stay fixed.
func TestAnOrderDoesNotForgetAnOverdueTrial(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		for n := range 300 {
			b, err := s.Breaker(fmt.Sprint(n), api.BreakerConfig{FailureThreshold: 1, ResetTimeout: time.Second, TrialTimeout: time.Second})
			require.NoError(t, err)
			require.Error(t, b.Run(context.Background(), func(context.Context) error { return errBoom }))
			time.Sleep(time.Second)
			p, err := b.Acquire(context.Background())
			require.NoError(t, err)
			time.Sleep(time.Second) // now the timer and the operation race
			require.NoError(t, []func() error{b.Disable, b.Reset, b.ForceOpen}[n%3]())
			p.Done(nil)
			stats, err := b.Stats()
			require.NoError(t, err)
			require.EqualValues(t, 2, stats.Failures, "the call that opened it, and the overdue trial")
			require.EqualValues(t, 1, stats.Late)
		}
	})
}

// The defect: an on-demand check whose first run was blocked, or that crashed
// while it was blocked, did not run when the check it depends on recovered. It
// read UNKNOWN, or "panicked", until a caller ran it.
//
// Promise (Torture): Defects found once stay fixed.
func TestABlockedRunOfACheckOnDemandIsMadeUpFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		var well, crash atomic.Bool
		register := func(name string, cfg api.CheckConfig, check func() error) {
			cfg.Interval = api.OnDemand
			require.NoError(t, s.Health().Register(name, cfg, api.Ping(func(context.Context) error { return check() })))
			synctest.Wait()
		}
		run := func(name string) { s.Health().Run(context.Background(), name) }
		register("database", api.CheckConfig{}, func() error {
			if well.Load() {
				return nil
			}
			return errBoom
		})
		register("orders", api.CheckConfig{DependsOn: []string{"database"}}, func() error {
			if crash.Swap(false) {
				panic("a bug")
			}
			return nil
		})
		require.Equal(t, "database", s.Health().Snapshot().Checks[1].BlockedBy)

		well.Store(true)
		run("database")
		time.Sleep(2 * time.Second)
		require.Equal(t, api.Healthy, s.Health().Status(), "the first run is made up for")

		crash.Store(true)
		run("orders")
		well.Store(false)
		run("database")
		time.Sleep(time.Minute)
		well.Store(true)
		run("database")
		time.Sleep(2 * time.Second)
		require.Equal(t, api.Healthy, s.Health().Status(), "and so is the one after the restart")
	})
}

// The defect: Stats of a circuit that was not CLOSED counted failures that were
// older than its time window.
//
// Promise (Torture): Defects found once stay fixed.
func TestATimeWindowForgetsInAnyState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := start(t).Breaker("b", api.BreakerConfig{Window: api.TimeWindow(time.Second), MinimumCalls: 1, FailureRate: 1})
		require.NoError(t, err)
		require.Error(t, b.Run(context.Background(), func(context.Context) error { return errBoom }))
		for _, want := range []float64{1, 0} {
			stats, err := b.Stats()
			require.NoError(t, err)
			require.Equal(t, api.Open, stats.State)
			require.Equal(t, want, stats.FailureRate)
			time.Sleep(time.Second)
		}
	})
}

// The defect: a call that panicked was never a slow one.
//
// Promise (Torture): Defects found once stay fixed.
func TestACallThatPanicsMayBeSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := start(t).Breaker("b", api.BreakerConfig{SlowCall: time.Second, SlowCallRate: 1, MinimumCalls: 1})
		require.NoError(t, err)
		require.Panics(t, func() {
			_ = b.Run(context.Background(), func(context.Context) error { time.Sleep(time.Second); panic("a bug") })
		})
		stats, err := b.Stats()
		require.NoError(t, err)
		require.EqualValues(t, 1, stats.Slow)
		require.Equal(t, api.Open, stats.State)
	})
}
