package tests

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Circuit breaker): A breaker opens at FailureThreshold, or at a failure or slow-call rate once the window holds MinimumCalls. Off disables the threshold.
// Promise (Circuit breaker): Rates are judged when a failure or a slow call ends, over the last calls or over a time window of ten buckets.
func TestRatesOpenABreaker(t *testing.T) {
	const off = api.Off
	rows := []struct {
		name   string
		cfg    api.BreakerConfig
		script string
	}{
		{"at the failure rate",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.5, Window: api.CountWindow(4)}, "ssf CLOSED f OPEN"},
		{"not below it",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.75, Window: api.CountWindow(4)}, "ssff CLOSED ssff CLOSED f OPEN"},
		{"not on fewer than MinimumCalls",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.1, MinimumCalls: 5, Window: api.CountWindow(10)}, "ffff CLOSED f OPEN"},
		{"MinimumCalls is 20 by default",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.1}, "ffffffffff fffffffff CLOSED f OPEN"},
		{"or the count window if smaller",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.1, Window: api.CountWindow(3)}, "ff CLOSED f OPEN"},
		{"only when a failure arrives: a success opens nothing",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.5, Window: api.CountWindow(4)}, "fsf CLOSED s CLOSED f OPEN"},
		{"a count window forgets what is more than its calls ago",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.5, Window: api.CountWindow(4)}, "f ssss f ssss f ssss CLOSED"},
		{"a success between failures does not save it",
			api.BreakerConfig{FailureRate: 0.4, MinimumCalls: 10, Window: api.CountWindow(10)}, "sssss s fs fs f CLOSED f OPEN"},
		{"ignored outcomes are not in the window",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 1, Window: api.CountWindow(2)}, "f iiii f OPEN"},
		{"the streak opens it beside a rate",
			api.BreakerConfig{FailureThreshold: 2, FailureRate: 0.9}, "ssssssss f f OPEN"},
		{"at the slow rate, successes though they are",
			api.BreakerConfig{SlowCall: time.Second, SlowCallRate: 0.5, Window: api.CountWindow(4)}, "ssS CLOSED S OPEN"},
		{"slow failures are slow calls too",
			api.BreakerConfig{FailureThreshold: off, SlowCall: time.Second, SlowCallRate: 0.5, Window: api.CountWindow(4)}, "ssF CLOSED F OPEN"},
		{"quick calls are not slow",
			api.BreakerConfig{SlowCall: 1001 * time.Millisecond, SlowCallRate: 0.5, Window: api.CountWindow(4)}, "SSSS SSSS CLOSED"},
		{"a time window forgets what is older than its span",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.1, MinimumCalls: 2, Window: api.TimeWindow(10 * time.Second)},
			"f 11s f 11s f 11s f CLOSED"},
		{"and holds what is younger",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.1, MinimumCalls: 2, Window: api.TimeWindow(10 * time.Second)},
			"f 8900ms f OPEN"},
		{"in a time window successes count when they were made",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.5, MinimumCalls: 2, Window: api.TimeWindow(10 * time.Second)},
			"ssss 5s ff CLOSED 6s f OPEN"},
		{"a time window wakes up after an idle hour",
			api.BreakerConfig{FailureThreshold: off, FailureRate: 0.5, MinimumCalls: 4, Window: api.TimeWindow(10 * time.Second)},
			"ssss 1h ss ff OPEN"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) { play(t, breaker(t, s, row.cfg), row.script) })
		})
	}
}

// Promise (Circuit breaker): A call counts when it ends, however long it ran.
func TestACallCountsWhenItEndsHoweverLongItRan(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{
			FailureThreshold: api.Off, FailureRate: 0.5, MinimumCalls: 3, Window: api.TimeWindow(10 * time.Second),
		})
		for range 3 {
			go b.Run(context.Background(), func(context.Context) error {
				time.Sleep(time.Hour) // 360 windows
				return errBoom
			})
		}
		play(t, b, "3599s CLOSED 2s OPEN")
	})
}

// Promise (Circuit breaker): Rates are judged when a failure or a slow call ends, over the last calls or over a time window of ten buckets.
func TestStatsTellTheFailureRateOfTheWindow(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureRate: 0.9, MinimumCalls: 4, Window: api.CountWindow(8)})
		play(t, b, "ssf")
		require.Zero(t, stats(t, b).FailureRate, "below MinimumCalls")
		play(t, b, "s")
		require.InDelta(t, 0.25, stats(t, b).FailureRate, 1e-9)
		play(t, b, "ssssssss")
		require.Zero(t, stats(t, b).FailureRate)
	})
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{MinimumCalls: 2})
		play(t, b, "fff")
		require.Zero(t, stats(t, b).FailureRate, "neither rate is set")
	})
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureRate: 0.9, MinimumCalls: 2, Window: api.TimeWindow(10 * time.Second)})
		play(t, b, "sf")
		require.InDelta(t, 0.5, stats(t, b).FailureRate, 1e-9)
		play(t, b, "11s")
		require.Zero(t, stats(t, b).FailureRate, "the window has passed")
	})
}

// Promise (Circuit breaker): A call that takes SlowCall or longer is slow.
func TestACallOfSlowCallOrLongerIsSlow(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{SlowCall: time.Second})
		play(t, b, "s f S F")
		require.EqualValues(t, 2, stats(t, b).Slow)
		require.EqualValues(t, 2, stats(t, b).Successes)
		require.EqualValues(t, 2, stats(t, b).Failures)
		play(t, b, "CLOSED")
	})
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		play(t, b, "S F")
		require.Zero(t, stats(t, b).Slow, "off by default")
	})
}

// Promise (Circuit breaker): An idle breaker sets no timers.
func TestAnIdleBreakerWithATimeWindowSetsNoTimers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, api.SystemConfig{})
		b := breaker(t, s, api.BreakerConfig{FailureRate: 0.5, Window: api.TimeWindow(10 * time.Millisecond)})
		play(t, b, "sf")
		time.Sleep(100 * 24 * time.Hour) // 8.64e9 buckets: with a timer for each, this would take hours
	})
}

// The owner alternates between two copies of the machine. Neither copy may keep
// a window of the earlier kind.
//
// Promise (Circuit breaker): If Configure changes the window, the new window starts empty.
func TestAWindowOfAnotherKindStartsEmptyAndCounts(t *testing.T) {
	kinds := []api.Window{api.TimeWindow(time.Minute), api.CountWindow(4), api.TimeWindow(time.Hour), api.CountWindow(8)}
	bubble(t, func(t *testing.T, s *api.System) {
		settings := func(w api.Window) api.BreakerConfig {
			return api.BreakerConfig{FailureThreshold: api.Off, Window: w, MinimumCalls: 4, FailureRate: 0.9}
		}
		b := breaker(t, s, settings(kinds[0]))
		for _, kind := range kinds {
			require.NoError(t, b.Configure(settings(kind)))
			for range 3 {
				require.NoError(t, b.Run(context.Background(), succeed))
				require.ErrorIs(t, b.Run(context.Background(), fail), errBoom)
			}
			require.InDelta(t, 0.5, stats(t, b).FailureRate, 0.01)
		}
		require.EqualValues(t, 3*len(kinds), stats(t, b).Failures, "no result was lost")
	})
}
