package tests

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Circuit breaker): An OPEN breaker refuses with a *CircuitOpenError, which reports the time left as of now.
func TestAnOpenBreakerRefusesWithACircuitOpenError(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f OPEN 20s")
		err := b.Run(context.Background(), func(context.Context) error { t.Error("it ran"); return nil })

		var refused *api.CircuitOpenError
		require.ErrorAs(t, err, &refused)
		require.ErrorIs(t, err, api.ErrCircuitOpen)
		require.Equal(t, "api", refused.Name)
		require.Equal(t, api.Open, refused.State)
		require.False(t, refused.Forced)
		require.EqualError(t, err, "Circuit breaker 'api' is open. Resets in 40.0s")
		require.Equal(t, 40*time.Second, refused.RetryAfter())

		time.Sleep(15 * time.Second)
		require.Equal(t, 25*time.Second, refused.RetryAfter(), "as of now, not as of the refusal")
		time.Sleep(time.Hour)
		require.Zero(t, refused.RetryAfter())
	})
}

// Promise (Circuit breaker): After ResetTimeout an OPEN breaker becomes HALF_OPEN by its own timer. State reports it from that very moment.
func TestAnOpenBreakerBecomesHalfOpenByItsOwnTimer(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		events := record(t, s)
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		opened := time.Now()
		play(t, b, "f 2m") // no call comes
		all := only[api.BreakerChanged](events)
		require.Equal(t, []string{"CLOSED>OPEN", "OPEN>HALF_OPEN"}, changes(events))
		require.Equal(t, time.Minute, all[1].At.Sub(opened))
	})
}

// Promise (Circuit breaker): After ResetTimeout an OPEN breaker becomes HALF_OPEN by its own timer. State reports it from that very moment.
func TestStateSaysHalfOpenAtTheVeryMoment(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, ResetTimeout: 10 * time.Second})
		play(t, b, "f OPEN 9999ms OPEN 1ms HALF_OPEN s")
	})
}

// Promise (Circuit breaker): TimeUntilReset counts down.
func TestTimeUntilResetCountsDown(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, HalfOpenMaxCalls: 1})
		require.Zero(t, b.TimeUntilReset(), "closed")
		play(t, b, "f")
		require.Equal(t, time.Minute, b.TimeUntilReset())
		play(t, b, "45s")
		require.Equal(t, 15*time.Second, b.TimeUntilReset())
		require.Equal(t, 15*time.Second, stats(t, b).TimeUntilReset)
		play(t, b, "15s HALF_OPEN")
		require.Zero(t, b.TimeUntilReset(), "half-open")
		play(t, b, "s CLOSED")
		require.Zero(t, b.TimeUntilReset(), "closed again")
	})
}

// Promise (Circuit breaker): The reset timeout grows by ResetBackoff up to its cap with each reopening, and starts over after a recovery.
func TestEachReopeningWithoutARecoveryGrowsTheResetTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{
			FailureThreshold: 1, HalfOpenMaxCalls: 1, ResetTimeout: 10 * time.Second,
			ResetBackoff: 2, MaxResetTimeout: 30 * time.Second,
		})
		play(t, b, "f    9999ms OPEN 1ms HALF_OPEN")
		play(t, b, "f   19999ms OPEN 1ms HALF_OPEN")
		play(t, b, "f   29999ms OPEN 1ms HALF_OPEN") // capped
		play(t, b, "f   29999ms OPEN 1ms HALF_OPEN")
		play(t, b, "s CLOSED")
		play(t, b, "f    9999ms OPEN 1ms HALF_OPEN") // a recovery starts over
	})
}

// Promise (Circuit breaker): The reset timeout grows by ResetBackoff up to its cap with each reopening, and starts over after a recovery.
func TestTheResetTimeoutStaysTheSameByDefault(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f 60s HALF_OPEN f OPEN 59s OPEN 1s HALF_OPEN f 60s HALF_OPEN")
		require.EqualValues(t, 3, stats(t, b).Opened)
	})
}
