package tests

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Circuit breaker): ForceOpen refuses every call until Reset. It does not count as an opening if the circuit is OPEN already.
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

// Promise (Circuit breaker): ForceOpen refuses every call until Reset. It does not count as an opening if the circuit is OPEN already.
func TestForcingAnOpenCircuitOpensItNoSecondTime(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f OPEN")
		require.NoError(t, b.ForceOpen())
		play(t, b, "x 2m OPEN x")
		require.EqualValues(t, 1, stats(t, b).Opened)
	})
}

// Promise (Circuit breaker): A disabled breaker admits every call, reads CLOSED, and still counts.
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

// Promise (Circuit breaker): A disabled breaker admits every call, reads CLOSED, and still counts.
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

// Promise (Circuit breaker): Reset closes the circuit and clears the failure count and the window.
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

// Promise (Circuit breaker): Reset closes the circuit and clears the failure count and the window.
func TestResetClearsTheWindow(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: api.Off, FailureRate: 1, Window: api.CountWindow(3)})
		play(t, b, "ff")
		require.NoError(t, b.Reset())
		play(t, b, "ff CLOSED f OPEN")
	})
}

// Promise (Circuit breaker): Configure takes effect at once and replaces all settings. It keeps the state, the counts and the deadline of an OPEN circuit.
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

// Promise (Circuit breaker): Configure takes effect at once and replaces all settings. It keeps the state, the counts and the deadline of an OPEN circuit.
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

// Promise (Circuit breaker): If Configure changes the window, the new window starts empty.
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

// Promise (Circuit breaker): Configure takes effect at once and replaces all settings. It keeps the state, the counts and the deadline of an OPEN circuit.
func TestConfigureKeepsTheDeadlineOfAnOpenCircuit(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, ResetTimeout: 30 * time.Second})
		play(t, b, "f 10s")
		require.NoError(t, b.Configure(api.BreakerConfig{FailureThreshold: 1, ResetTimeout: time.Second}))
		play(t, b, "19999ms OPEN 1ms HALF_OPEN f 999ms OPEN 1ms HALF_OPEN")
	})
}

// Promise (Circuit breaker): A Configure that returns an error changes nothing.
func TestABadConfigureChangesNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		before := b.Config()
		require.ErrorIs(t, b.Configure(api.BreakerConfig{ResetTimeout: -1}), api.ErrConfig)
		require.Equal(t, before, b.Config())
		play(t, b, "f CLOSED f OPEN")
	})
}

// Promise (Circuit breaker): Configure takes effect at once and replaces all settings. It keeps the state, the counts and the deadline of an OPEN circuit.
func TestConfigureChangesTheClassifier(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		require.NoError(t, b.Configure(api.BreakerConfig{Excluded: []error{errBoom}}))
		play(t, b, "ffffff CLOSED")
		require.EqualValues(t, 6, stats(t, b).Ignored)
	})
}
