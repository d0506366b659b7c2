package tests

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (System, events, logs and errors): Each error is its own sentinel and no other, and has the documented words.
func TestEachErrorIsItsSentinelAndNoOther(t *testing.T) {
	sentinels := map[string]error{
		"ErrCircuitOpen": api.ErrCircuitOpen, "ErrTimeout": api.ErrTimeout, "ErrExhausted": api.ErrExhausted,
		"ErrShutdown": api.ErrShutdown, "ErrConfig": api.ErrConfig,
	}
	rows := []struct {
		err error
		is  string
	}{
		{&api.CircuitOpenError{Name: "x", State: api.Open}, "ErrCircuitOpen"},
		{&api.TimeoutError{Operation: "x", Limit: time.Second}, "ErrTimeout"},
		{&api.ConfigError{Kind: "breaker", Name: "x", Field: "f", Problem: "p"}, "ErrConfig"},
	}
	for _, row := range rows {
		for name, sentinel := range sentinels {
			require.Equal(t, name == row.is, errors.Is(row.err, sentinel), "%T is %s", row.err, name)
		}
	}
}

// Promise (System, events, logs and errors): Each error is its own sentinel and no other, and has the documented words.
func TestMessagesOfErrors(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b, err := s.Breaker("x", api.BreakerConfig{FailureThreshold: 1})
		require.NoError(t, err)
		play(t, b, "f 20s")
		require.EqualError(t, b.Run(context.Background(), succeed), "Circuit breaker 'x' is open. Resets in 40.0s")
		play(t, b, "39950ms")
		require.EqualError(t, b.Run(context.Background(), succeed), "Circuit breaker 'x' is open. Resets in 0.1s")
		for err, want := range map[error]string{
			&api.TimeoutError{Operation: "x", Limit: 10500 * time.Millisecond}:  "Operation 'x' timed out after 10.5s",
			&api.TimeoutError{Operation: "x", Limit: time.Minute + time.Second}: "Operation 'x' timed out after 1m1s",
		} {
			require.EqualError(t, err, want)
		}
	})
}

// Promise (System, events, logs and errors): errors.Is and errors.As reach the function's own error through every policy.
func TestUserErrorsAreReachableThroughEveryLayer(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		p := api.Compose(api.Timeout(time.Minute), retry(t, s, api.RetryConfig{}), breaker(t, s, api.BreakerConfig{}))
		err := api.Run(context.Background(), p, fail, func(context.Context) error { return errCache })
		require.ErrorIs(t, err, errBoom)
		require.ErrorIs(t, err, errCache)
		require.ErrorIs(t, err, api.ErrExhausted)
		var gaveUp *api.RetryError
		require.ErrorAs(t, err, &gaveUp)
		require.Equal(t, errBoom, gaveUp.Err)
	})
}

// Promise (System, events, logs and errors): Each error is its own sentinel and no other, and has the documented words.
func TestStatesAndStatusesHaveNames(t *testing.T) {
	require.Equal(t, []string{"CLOSED", "OPEN", "HALF_OPEN"},
		[]string{api.Closed.String(), api.Open.String(), api.HalfOpen.String()})
	require.Equal(t, []string{"UNKNOWN", "HEALTHY", "DEGRADED", "UNHEALTHY"},
		[]string{api.Unknown.String(), api.Healthy.String(), api.Degraded.String(), api.Unhealthy.String()})
}
