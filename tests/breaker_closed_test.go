package tests

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Circuit breaker): A CLOSED breaker counts consecutive failures. A success resets the count; an ignored outcome leaves it.
func TestAClosedBreakerCountsFailuresInARow(t *testing.T) {
	rows := []struct {
		name   string
		cfg    api.BreakerConfig
		script string
		streak int
	}{
		{"it opens at five by default", api.BreakerConfig{}, "ffff CLOSED f OPEN x", 5},
		{"it opens at its threshold", api.BreakerConfig{FailureThreshold: 2}, "f CLOSED f OPEN", 2},
		{"a success sets the count to zero", api.BreakerConfig{}, "ffff s ffff CLOSED", 4},
		{"successes while failures are pending set it to zero", api.BreakerConfig{FailureThreshold: 2}, "fs fs fs sf CLOSED f OPEN", 2},
		{"an ignored outcome changes neither", api.BreakerConfig{}, "ffff iii CLOSED f OPEN", 5},
		{"Off without a rate never opens", api.BreakerConfig{FailureThreshold: api.Off}, "ffffffffff ffffffffff ffffffffff CLOSED", 30},
		{"time alone forgets nothing", api.BreakerConfig{}, "ffff 24h f OPEN", 5},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				b := breaker(t, s, row.cfg)
				play(t, b, row.script)
				require.Equal(t, row.streak, stats(t, b).ConsecutiveFailures)
			})
		})
	}
}

// Promise (Circuit breaker): The function gets the caller's context, and the caller gets the function's error.
func TestRunReturnsTheFunctionsOwnError(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		require.Same(t, errBoom, b.Run(context.Background(), fail))
		require.NoError(t, b.Run(context.Background(), succeed))
	})
}

// Promise (Circuit breaker): The function gets the caller's context, and the caller gets the function's error.
func TestTheFunctionGetsTheCallersContext(t *testing.T) {
	type key struct{}
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		ctx := context.WithValue(context.Background(), key{}, "mine")
		require.NoError(t, b.Run(ctx, func(ctx context.Context) error {
			require.Equal(t, "mine", ctx.Value(key{}))
			return nil
		}))
	})
}

// Promise (Circuit breaker): If ctx is done before the call, any policy returns its error, does not run the function, and counts nothing.
func TestADoneContextIsRefusedBeforeAdmission(t *testing.T) {
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	expired, cancel2 := context.WithDeadline(context.Background(), time.Unix(0, 0))
	defer cancel2()
	for _, ctx := range []context.Context{cancelled, expired} {
		bubble(t, func(t *testing.T, s *api.System) {
			b := breaker(t, s, api.BreakerConfig{})
			never := func(context.Context) error { t.Error("it ran"); return nil }
			require.Equal(t, ctx.Err(), b.Run(ctx, never))
			require.ErrorIs(t, api.Run(ctx, b, never), ctx.Err())
			_, err := b.Acquire(ctx)
			require.ErrorIs(t, err, ctx.Err())
			require.Equal(t, api.BreakerStats{Name: "api"}, stats(t, b), "nothing is counted")
		})
	}
}

// Promise (Circuit breaker): Stats are consistent, and account for every call.
func TestStatsAddUpWhatHappened(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		play(t, b, "sss i f s ff OPEN xxxx")
		require.Equal(t, api.BreakerStats{
			Name: "api", State: api.Open, ConsecutiveFailures: 2,
			Successes: 4, Failures: 3, Ignored: 1, Rejected: 4, Opened: 1,
			TimeUntilReset: time.Minute,
		}, stats(t, b))
	})
}
