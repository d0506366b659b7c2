package tests

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Circuit breaker): Trip opens the circuit as failures do, and it recovers by itself. TryNow ends OPEN at once.
func TestTripAndTryNow(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b, tp := breaker(t, s, api.BreakerConfig{HalfOpenMaxCalls: 1}), record(t, s)
		require.NoError(t, b.TryNow())
		play(t, b, "CLOSED")
		require.NoError(t, b.Trip("deploying payments"))
		play(t, b, "OPEN x 59s x 1s HALF_OPEN s CLOSED")
		require.NoError(t, b.Trip(""))
		require.NoError(t, b.Trip("again"))
		require.NoError(t, b.TryNow())
		play(t, b, "HALF_OPEN s CLOSED")
		require.NoError(t, b.Disable())
		require.NoError(t, b.Trip("disabled"))
		play(t, b, "CLOSED")
		var reasons []string
		for _, e := range only[api.BreakerChanged](tp) {
			reasons = append(reasons, e.Reason)
		}
		require.Equal(t, []string{"deploying payments", "reset timeout is over", "service recovered", "tripped", "asked to try", "service recovered", "disabled"}, reasons)
		require.EqualValues(t, 2, stats(t, b).Opened)
		require.EqualValues(t, 2, stats(t, b).HalfOpened)
		require.EqualValues(t, 2, stats(t, b).Closed)
	})
}

// Promise (Circuit breaker): A circuit bears HalfOpenFailures failed trials, and runs no more trials at once than successes are still needed.
func TestFailedTrialsMayBeBorne(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, HalfOpenFailures: 2})
		play(t, b, "f 60s fsfs HALF_OPEN s CLOSED")
		play(t, b, "f 60s ssff HALF_OPEN")
		p := acquire(t, b) // one success is needed still
		play(t, b, "x")
		p.Done(errBoom)
		play(t, b, "OPEN")
	})
}

// Promise (Circuit breaker): With FailureWindow, failures count together only if they are close enough in time.
func TestOldFailuresBeginAnotherStreak(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2, FailureWindow: time.Second})
		play(t, b, "f 1.001s f 1.001s f CLOSED 1s f OPEN")
	})
}

// Promise (Circuit breaker): The last failure is in Stats; the failure that opened the circuit is in its refusals and in its event.
func TestTheFailureBehindARefusal(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b, tp := breaker(t, s, api.BreakerConfig{FailureThreshold: 2, HalfOpenMaxCalls: 1}), record(t, s)
		play(t, b, "f")
		time.Sleep(time.Second)
		began := time.Now()
		play(t, b, "f")
		refusal := func() *api.CircuitOpenError {
			var refused *api.CircuitOpenError
			require.ErrorAs(t, b.Run(context.Background(), succeed), &refused)
			return refused
		}
		require.Equal(t, errBoom, refusal().Last)
		require.NotErrorIs(t, refusal(), errBoom, "the refused call did not fail so")
		st, err := b.Stats()
		require.NoError(t, err)
		require.Equal(t, errBoom, st.LastFailure)
		require.True(t, st.LastFailureAt.Equal(began))
		text, err := json.Marshal(st)
		require.NoError(t, err)
		require.Contains(t, string(text), `"last_failure":"boom"`)
		require.Contains(t, string(text), `"state":"OPEN"`)
		require.Contains(t, string(text), `"time_until_reset":"1m0s"`)

		time.Sleep(time.Minute)
		acquire(t, b)
		require.Equal(t, errBoom, refusal().Last, "half-open still")
		require.NoError(t, b.ForceOpen())
		require.NoError(t, refusal().Last)
		e := only[api.BreakerChanged](tp)
		require.Len(t, e, 3)
		require.Equal(t, errBoom, e[0].Last)
		require.Equal(t, api.ForcedOpen, e[2].Mode)
		require.NoError(t, e[2].Last)
	})
}

// Promise (Circuit breaker): A failure marked by RetryAfter that opens the circuit keeps it open at least so long, at most for MaxResetTimeout.
func TestAnOpeningIsAsLongAsTheFailureAsks(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, MaxResetTimeout: time.Hour})
		asks := func(d time.Duration) {
			err := b.Run(context.Background(), func(context.Context) error { return api.RetryAfter(errBoom, d) })
			require.ErrorIs(t, err, errBoom)
		}
		asks(90 * time.Second)
		require.Equal(t, 90*time.Second, b.TimeUntilReset())
		time.Sleep(90 * time.Second)
		asks(24 * time.Hour)
		require.Equal(t, time.Hour, b.TimeUntilReset())
		require.NoError(t, b.Configure(api.BreakerConfig{FailureThreshold: 1, Expected: []error{errBoom}}))
		require.NoError(t, b.Reset())
		asks(time.Hour)
		play(t, b, "CLOSED")
	})
}

// Promise (Circuit breaker): Check returns the error that Configure would return, and changes nothing.
func TestCheckSaysWhatConfigureWould(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		bad := api.BreakerConfig{FailureWindow: -1}
		require.Equal(t, b.Configure(bad), bad.Check("api"))
		require.EqualError(t, bad.Check("api"), `breaker "api": FailureWindow: must not be negative: -1ns`)
		require.EqualError(t, api.BreakerConfig{HalfOpenFailures: -1}.Check("x"), `breaker "x": HalfOpenFailures: must not be negative: -1`)
		require.NoError(t, api.BreakerConfig{FailureThreshold: api.Off}.Check("api"))
		require.ErrorIs(t, api.BreakerConfig{}.Check(""), api.ErrConfig)
		require.NoError(t, errors.Join(b.Configure(api.BreakerConfig{}), api.BreakerConfig{}.Check("other")))
		_, made := s.LookupBreaker("other")
		require.False(t, made)
	})
}

// Promise (Circuit breaker): A panic or runtime.Goexit in the function is a failure. The panic goes on to the caller, with its value.
func TestAPanicMayBeSlow(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{SlowCall: time.Second})
		for _, took := range []time.Duration{time.Second - 1, time.Second} {
			require.Panics(t, func() {
				_ = b.Run(context.Background(), func(context.Context) error { time.Sleep(took); panic("no") })
			})
		}
		require.EqualValues(t, 1, stats(t, b).Slow)
		require.EqualValues(t, 2, stats(t, b).Failures)
	})
}

// Promise (Circuit breaker): A WARN names the functions and lists that Configure drops, and a Classify that differs from that of the first settings.
func TestAWarningNamesTheFunctionsThatAreDropped(t *testing.T) {
	classify := func(error) api.Outcome { return api.Success }
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		b := breaker(t, s, api.BreakerConfig{Classify: classify, Excluded: []error{errBoom}})
		require.Error(t, b.Configure(api.BreakerConfig{ResetTimeout: -1}))
		require.NoError(t, b.Configure(b.Config()))
		require.NoError(t, b.Configure(api.BreakerConfig{Classify: classify, Excluded: []error{context.Canceled}}))
		require.Empty(t, log.sentences(t))
		require.NoError(t, b.Configure(api.BreakerConfig{ResetTimeout: time.Hour}))
		line := log.find(t, "WARN", "Settings were dropped: breaker 'api' was configured without Excluded, Classify")
		require.Equal(t, []any{"Excluded", "Classify"}, line["dropped"])
		require.NoError(t, b.Configure(api.BreakerConfig{ResetTimeout: time.Minute}))
		require.Len(t, log.sentences(t), 1)

		require.NoError(t, b.Configure(api.BreakerConfig{Classify: classify}))
		breaker(t, s, api.BreakerConfig{Classify: classify})
		require.Len(t, log.sentences(t), 1)
		breaker(t, s, api.BreakerConfig{Classify: func(error) api.Outcome { return api.Failure }})
		log.find(t, "WARN", "The first settings stay: breaker 'api' exists with another Classify")
	})
}

// Promise (Circuit breaker): Lists of errors in settings are copied, in and out.
func TestListsOfErrorsAreCopied(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		expected, excluded := []error{errBoom}, []error{context.Canceled}
		b := breaker(t, s, api.BreakerConfig{Expected: expected, Excluded: excluded})
		expected[0], excluded[0] = nil, nil
		out := b.Config()
		out.Expected[0], out.Excluded[0] = nil, nil
		play(t, b, "f")
		require.EqualValues(t, 1, stats(t, b).Successes)
		again := []error{errBoom}
		require.NoError(t, b.Configure(api.BreakerConfig{Expected: again}))
		again[0] = nil
		play(t, b, "f")
		require.EqualValues(t, 2, stats(t, b).Successes)

		var none *api.Breaker
		for _, err := range []error{none.Trip(""), none.TryNow(), none.Reset(), none.Configure(api.BreakerConfig{}), new(api.Breaker).Trip("")} {
			require.ErrorIs(t, err, api.ErrConfig)
		}
	})
}
