package tests

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Switch): A Do keeps, for all its attempts, the policy that it began with; later ones use the new one.
func TestACallKeepsThePolicyThatItBeganWith(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		old, err := s.Breaker("old", api.BreakerConfig{})
		require.NoError(t, err)
		fresh, err := s.Breaker("fresh", api.BreakerConfig{})
		require.NoError(t, err)
		r, err := s.Retry("api", api.RetryConfig{InitialDelay: time.Second, MaxAttempts: 3, Jitter: api.JitterNone})
		require.NoError(t, err)
		for name, around := range map[string]func(*api.Switch) api.Policy{
			"the switch holds the retry": func(sw *api.Switch) api.Policy { sw.Set(api.Compose(r, old)); return sw },
			"the retry is around it":     func(sw *api.Switch) api.Policy { sw.Set(old); return api.Compose(r, sw) },
			"in a hard timeout":          func(sw *api.Switch) api.Policy { sw.Set(old); return api.Compose(api.Timeout(time.Hour), r, sw) },
			"in another switch":          func(sw *api.Switch) api.Policy { sw.Set(old); return api.Compose(r, api.NewSwitch(sw)) },
		} {
			sw := &api.Switch{}
			p := around(sw)
			before := [2]uint64{stats(t, old).Failures, stats(t, fresh).Failures}
			attempts := func(context.Context) error {
				sw.Set(api.Compose(api.Timeout(time.Hour), fresh))
				return errBoom
			}
			require.ErrorIs(t, api.Run(context.Background(), p, attempts), api.ErrExhausted, name)
			require.Equal(t, before[0]+3, stats(t, old).Failures, name)
			_ = api.Run(context.Background(), p, fail)
			require.Greater(t, stats(t, fresh).Failures, before[1], name)
			require.NoError(t, old.Reset())
			require.NoError(t, fresh.Reset())
		}
	})
}

// Promise (Switch): nil and the zero Switch run the function plainly.
func TestAnEmptySwitchGuardsNothing(t *testing.T) {
	for _, p := range []api.Policy{new(api.Switch), api.NewSwitch(nil), api.Compose(new(api.Switch)), api.Cooperative(api.NewSwitch(nil))} {
		v, err := api.Do(context.Background(), p, func(context.Context) (int, error) { return 7, nil })
		require.NoError(t, err)
		require.Equal(t, 7, v)
		require.Equal(t, errBoom, api.Run(context.Background(), p, fail))
	}
}

// Promise (Switch): A Switch that contains itself is a *ConfigError when it is used, until it is set again.
func TestASwitchThatContainsItselfIsRefused(t *testing.T) {
	one, two := new(api.Switch), new(api.Switch)
	one.Set(api.Compose(two))
	two.Set(api.Compose(api.Timeout(time.Hour), one))
	for _, p := range []api.Policy{one, two, api.Compose(one), api.Cooperative(two)} {
		var bad *api.ConfigError
		require.ErrorAs(t, api.Run(context.Background(), p, succeed), &bad)
		require.Equal(t, "Switch", bad.Field)
	}
	two.Set(nil)
	require.NoError(t, api.Run(context.Background(), one, succeed))
	twice := api.Compose(two, two)
	require.NoError(t, api.Run(context.Background(), twice, succeed), "twice is not within itself")
}

// Promise (Switch): Set is safe while calls run.
func TestASwitchIsSetWhileCallsRun(t *testing.T) {
	s := start(t, api.SystemConfig{})
	b := breaker(t, s, api.BreakerConfig{})
	sw := api.NewSwitch(b)
	p := api.Compose(api.TimeoutConfig{Limit: time.Hour, Cooperative: true}, sw)
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() {
			for i := range 500 {
				if i%50 == 0 {
					sw.Set(api.Compose(b))
				}
				if err := api.Run(context.Background(), p, succeed); err != nil {
					t.Error(err)
				}
			}
		})
	}
	calls.Wait()
	require.EqualValues(t, 2000, stats(t, b).Successes)
}

// Promise (Timeout): Cooperative makes all Timeouts of a policy cooperative, those of a Switch in it included.
func TestCooperativeMakesAllTimeoutsCooperative(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		sw := api.NewSwitch(api.Timeout(time.Second))
		p := api.Cooperative(api.Compose(api.Timeout(time.Minute), b, sw, api.Timeout(time.Second)))
		run := func(p api.Policy) (where string) {
			require.NoError(t, api.Run(context.Background(), p, func(context.Context) error { where = goroutine(); return nil }))
			return where
		}
		here := goroutine()
		require.Equal(t, here, run(p))
		sw.Set(api.Compose(api.NewSwitch(api.Timeout(time.Second)), api.Timeout(time.Hour)))
		require.Equal(t, here, run(p), "those that the Switch gets later too")
		require.NotEqual(t, here, run(sw), "the Switch itself is as before")
		require.Equal(t, here, run(api.Cooperative(api.Timeout(time.Second))))
		require.NotEqual(t, here, run(api.Compose(p, api.Timeout(time.Second))), "what is beside it is as before")
		requireTimeout(t, api.Run(context.Background(), p, polite))
	})
}

// Promise (Timeout): An open breaker inside refuses before a goroutine is started, and counts that once.
func TestAnOpenBreakerRefusesBeforeAGoroutineIsStarted(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		second, err := s.Breaker("second", api.BreakerConfig{})
		require.NoError(t, err)
		require.NoError(t, second.ForceOpen())
		for _, p := range []api.Policy{api.Compose(api.Timeout(time.Second), b, second), api.Compose(api.Timeout(time.Second), second)} {
			before := stats(t, second)
			require.Zero(t, testing.AllocsPerRun(100, func() {
				require.ErrorIs(t, api.Run(context.Background(), p, succeed), api.ErrCircuitOpen)
			}))
			require.EqualValues(t, 101, stats(t, second).Rejected-before.Rejected)
		}
		require.Zero(t, stats(t, b).Ignored, "it was not even entered")
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		before := stats(t, second)
		require.Equal(t, context.Canceled, api.Run(ctx, api.Compose(api.Timeout(time.Second), second), succeed))
		require.Equal(t, before, stats(t, second), "a ctx that is done is not counted")
	})
}
