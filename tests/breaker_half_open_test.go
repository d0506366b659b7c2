package tests

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Circuit breaker): A HALF_OPEN breaker runs at most HalfOpenMaxCalls trials at once, and refuses other calls.
// Promise (Circuit breaker): HalfOpenMaxCalls successful trials close the circuit; a failed or slow trial reopens it; an ignored trial frees its place.
// Promise (Circuit breaker): A recovery clears the failure count and the window.
func TestAHalfOpenBreakerTriesAFewCalls(t *testing.T) {
	one := api.BreakerConfig{FailureThreshold: 1}
	rows := []struct {
		name   string
		cfg    api.BreakerConfig
		script string
	}{
		{"three successes close it by default", one, "f 60s HALF_OPEN ss HALF_OPEN s CLOSED"},
		{"as many as HalfOpenMaxCalls close it", api.BreakerConfig{FailureThreshold: 1, HalfOpenMaxCalls: 5}, "f 60s ssss HALF_OPEN s CLOSED"},
		{"the first failure opens it again", one, "f 60s ss f OPEN x"},
		{"successes before that are forgotten", one, "f 60s ss f 60s ss HALF_OPEN s CLOSED"},
		{"an ignored trial gives its permit back", one, "f 60s iiiiiiii HALF_OPEN sss CLOSED"},
		{"it waits for ever for trials", one, "f 60s 1000h HALF_OPEN sss CLOSED"},
		{"recovery clears the streak", api.BreakerConfig{FailureThreshold: 3}, "fff 60s sss CLOSED ff CLOSED f OPEN"},
		{"slow trials are fine without SlowCallRate", api.BreakerConfig{FailureThreshold: 1, SlowCall: time.Second}, "f 60s SSS CLOSED"},
		{"a slow trial opens it again with SlowCallRate", api.BreakerConfig{FailureThreshold: 1, SlowCall: time.Second, SlowCallRate: 0.9}, "f 60s sS OPEN"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) { play(t, breaker(t, s, row.cfg), row.script) })
		})
	}
}

// Promise (Circuit breaker): A recovery clears the failure count and the window.
func TestRecoveryClearsTheWindow(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: api.Off, FailureRate: 0.5, Window: api.CountWindow(4)})
		play(t, b, "ffff OPEN 60s sss CLOSED")
		require.Zero(t, stats(t, b).FailureRate)
		play(t, b, "fff CLOSED f OPEN")
	})
}

// Promise (Circuit breaker): A HALF_OPEN breaker runs at most HalfOpenMaxCalls trials at once, and refuses other calls.
func TestTrialsAreRefusedBeyondTheCap(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f 60s")
		trials := []*api.Permit{acquire(t, b), acquire(t, b), acquire(t, b)}
		require.Equal(t, 3, stats(t, b).Trials)

		_, err := b.Acquire(context.Background())
		var refused *api.CircuitOpenError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, api.HalfOpen, refused.State)
		require.Zero(t, refused.RetryAfter(), "not known")
		require.Contains(t, err.Error(), "Circuit breaker 'api'")
		require.NotContains(t, err.Error(), "Resets in")
		require.EqualValues(t, 1, stats(t, b).Rejected)

		trials[0].Cancel()
		trials[0] = acquire(t, b) // its place is free again
		play(t, b, "x")
		for _, p := range trials {
			p.Done(nil)
		}
		play(t, b, "CLOSED")
	})
}

// Promise (Circuit breaker): A trial that does not report in time counts as failed; its own report, when it comes, counts as late.
func TestATrialThatNeverReportsCountsAsFailed(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, TrialTimeout: 5 * time.Second})
		play(t, b, "f 60s")
		hung := acquire(t, b)
		play(t, b, "4999ms HALF_OPEN 2ms OPEN")
		before := stats(t, b)
		require.EqualValues(t, 2, before.Failures, "the trip and the trial")
		require.Zero(t, before.Late)
		require.Zero(t, before.Trials)

		hung.Done(nil)
		after := stats(t, b)
		require.EqualValues(t, 2, after.Failures)
		require.EqualValues(t, 0, after.Successes)
		require.EqualValues(t, 1, after.Late, "its own report")
		play(t, b, "OPEN")
	})
}

// Promise (Circuit breaker): A trial that does not report in time counts as failed; its own report, when it comes, counts as late.
func TestTheTrialTimeoutIsTheResetTimeoutByDefault(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, ResetTimeout: 7 * time.Second})
		require.Equal(t, 7*time.Second, b.Config().TrialTimeout)
		play(t, b, "f 7s")
		acquire(t, b)
		play(t, b, "6999ms HALF_OPEN 2ms OPEN")
	})
}
