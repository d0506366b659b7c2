package tests

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

func TestForceOpenRefusesEverythingUntilReset(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		require.NoError(t, b.ForceOpen())
		play(t, b, "OPEN x 1000h OPEN x")
		require.Equal(t, api.ForcedOpen, stats(t, b).Mode)
		require.Zero(t, b.TimeUntilReset())

		err := b.Run(context.Background(), succeed)
		var refused *api.CircuitOpenError
		require.ErrorAs(t, err, &refused)
		require.True(t, refused.Forced)
		require.Equal(t, api.Open, refused.State)
		require.Zero(t, refused.RetryAfter())
		require.Contains(t, err.Error(), "Circuit breaker 'api'")
		require.Contains(t, err.Error(), "forced open")
		require.NotContains(t, err.Error(), "Resets in")

		require.NoError(t, b.Reset())
		play(t, b, "CLOSED s")
		require.Equal(t, api.Automatic, stats(t, b).Mode)
	})
}

func TestForcingAnOpenCircuitOpensItNoSecondTime(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f OPEN")
		require.NoError(t, b.ForceOpen())
		play(t, b, "x 2m OPEN x")
		require.EqualValues(t, 1, stats(t, b).Opened)
	})
}

func TestADisabledBreakerReadsClosedAndStillCounts(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		require.NoError(t, b.Disable())
		play(t, b, "ffffffff s i CLOSED")
		st := stats(t, b)
		require.Equal(t, api.Disabled, st.Mode)
		require.Equal(t, [4]uint64{1, 8, 1, 0}, [4]uint64{st.Successes, st.Failures, st.Ignored, st.Rejected})
		require.NoError(t, b.Reset())
		play(t, b, "f CLOSED f OPEN")
	})
}

func TestADisabledBreakerAdmitsThoughItWasOpen(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f OPEN")
		require.NoError(t, b.Disable())
		play(t, b, "CLOSED s 2m CLOSED ff s")
		require.NoError(t, b.ForceOpen())
		play(t, b, "OPEN x")
		require.NoError(t, b.Disable())
		play(t, b, "CLOSED s")
	})
}

func TestResetClosesAndClears(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 3, ResetBackoff: 2})
		play(t, b, "ff")
		require.NoError(t, b.Reset())
		require.Zero(t, stats(t, b).ConsecutiveFailures)
		play(t, b, "ff CLOSED f OPEN")
		require.NoError(t, b.Reset())
		play(t, b, "CLOSED sss 2m CLOSED fff 60s HALF_OPEN s")
		require.NoError(t, b.Reset())
		play(t, b, "CLOSED")
		st := stats(t, b)
		require.EqualValues(t, 8, st.Failures, "totals are since it was made")
		require.EqualValues(t, 2, st.Opened)
	})
}

func TestResetClearsTheWindow(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: api.Off, FailureRate: 1, Window: api.CountWindow(3)})
		play(t, b, "ff")
		require.NoError(t, b.Reset())
		play(t, b, "ff CLOSED f OPEN")
	})
}

func TestConfigureIsLiveAndKeepsCounts(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 5})
		play(t, b, "s fff")
		require.NoError(t, b.Configure(api.BreakerConfig{FailureThreshold: 4}))
		require.Equal(t, 4, b.Config().FailureThreshold)
		require.Equal(t, api.BreakerStats{Name: "api", ConsecutiveFailures: 3, Successes: 1, Failures: 3}, stats(t, b))
		play(t, b, "CLOSED f OPEN")
	})
}

func TestConfigureReplacesAndMergesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{ResetTimeout: time.Second, HalfOpenMaxCalls: 1})
		require.NoError(t, b.Configure(api.BreakerConfig{FailureThreshold: 2}))
		cfg := b.Config()
		require.Equal(t, 2, cfg.FailureThreshold)
		require.Equal(t, time.Minute, cfg.ResetTimeout)
		require.Equal(t, 3, cfg.HalfOpenMaxCalls)
	})
}

func TestConfigureStartsADifferentWindowEmpty(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		cfg := api.BreakerConfig{FailureThreshold: api.Off, FailureRate: 1, Window: api.CountWindow(4)}
		b := breaker(t, s, cfg)
		play(t, b, "fff")
		require.NoError(t, b.Configure(cfg)) // the same window: kept
		play(t, b, "f OPEN")
		require.NoError(t, b.Reset())
		play(t, b, "fff")
		cfg.Window = api.TimeWindow(time.Minute)
		cfg.MinimumCalls = 4
		require.NoError(t, b.Configure(cfg))
		play(t, b, "fff CLOSED f OPEN")
	})
}

func TestConfigureKeepsTheDeadlineOfAnOpenCircuit(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, ResetTimeout: 30 * time.Second})
		play(t, b, "f 10s")
		require.NoError(t, b.Configure(api.BreakerConfig{FailureThreshold: 1, ResetTimeout: time.Second}))
		play(t, b, "19999ms OPEN 1ms HALF_OPEN f 999ms OPEN 1ms HALF_OPEN")
	})
}

func TestABadConfigureChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		before := b.Config()
		require.ErrorIs(t, b.Configure(api.BreakerConfig{ResetTimeout: -1}), api.ErrConfig)
		require.Equal(t, before, b.Config())
		play(t, b, "f CLOSED f OPEN")
	})
}

func TestConfigureChangesTheClassifier(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		require.NoError(t, b.Configure(api.BreakerConfig{Excluded: []error{errBoom}}))
		play(t, b, "ffffff CLOSED")
		require.EqualValues(t, 6, stats(t, b).Ignored)
	})
}
