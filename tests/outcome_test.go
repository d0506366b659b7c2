package tests

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Outcomes): A value that FailWhen objects to is a failure, and Do returns it beside the error.
func TestAValueCanBeAFailure(t *testing.T) {
	errBad := errors.New("status 503")
	bad := func(status int) error {
		if status == 503 {
			return errBad
		}
		return nil
	}
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 3})
		r, err := s.Retry("api", api.RetryConfig{MaxAttempts: 2, InitialDelay: 1})
		require.NoError(t, err)
		answer := func(status int) api.Func[int] {
			return api.FailWhen(func(context.Context) (int, error) { return status, nil }, bad)
		}
		for name, p := range map[string]api.Policy{
			"nil": nil, "breaker": b, "retry": r, "composed": api.Compose(r, b), "hard": api.Timeout(time.Second),
		} {
			require.NoError(t, b.Reset())
			v, err := api.Do(context.Background(), p, answer(503))
			require.ErrorIs(t, err, errBad, name)
			require.Equal(t, 503, v, name)
			v, err = api.Do(context.Background(), p, answer(200))
			require.NoError(t, err, name)
			require.Equal(t, 200, v, name)
			v, err = api.Do(context.Background(), p, answer(503), api.When(func(error) bool { return false }, answer(200)))
			require.Error(t, err, name)
			require.Zero(t, v, "%s: a fallback was tried", name)
		}

		calls := 0
		_, err = api.Do(context.Background(), b, api.FailWhen(func(context.Context) (int, error) { return 503, errBoom }, func(int) error { calls++; return nil }))
		require.Equal(t, errBoom, err)
		require.Zero(t, calls, "fn failed by itself")
	})
}

// Promise (Outcomes): The values of attempts that are retried are dropped.
func TestAValueOfAnEarlierAttemptIsDropped(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		r, err := s.Retry("api", api.RetryConfig{MaxAttempts: 2, InitialDelay: 1, Retryable: func(error) bool { return true }})
		require.NoError(t, err)
		for _, p := range []api.Policy{api.Compose(r, b), api.Compose(api.TimeoutConfig{Limit: time.Hour, Cooperative: true}, r, b)} {
			require.NoError(t, b.Reset())
			v, err := api.Do(context.Background(), p, func(context.Context) (int, error) { return 7, errBoom })
			require.ErrorIs(t, err, api.ErrCircuitOpen)
			require.Zero(t, v, "the last attempt was refused")
		}
		for name, end := range map[string]func(error) error{
			"wrapped":   func(err error) error { return fmt.Errorf("payments: %w", err) },
			"swallowed": func(error) error { return nil },
		} {
			require.NoError(t, b.Reset())
			around := api.Around(func(ctx context.Context, next func(context.Context) error) error { return end(next(ctx)) })
			v, _ := api.Do(context.Background(), api.Compose(around, r, b), func(context.Context) (int, error) { return 7, errBoom })
			require.Zero(t, v, "%s by an Around", name)
		}
	})
}

// Promise (Outcomes): An error marked by Ignore says nothing about the dependency; it reads and unwraps as before.
func TestAnIgnoredErrorSaysNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		asked := 0
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, Classify: func(err error) api.Outcome {
			if err == nil {
				return api.Success
			}
			asked++
			return api.Failure
		}})
		ignored := api.Ignore(errBoom)
		require.Equal(t, errBoom.Error(), ignored.Error())
		require.ErrorIs(t, ignored, errBoom)
		require.NoError(t, api.Ignore(nil))
		require.Equal(t, ignored, b.Run(context.Background(), func(context.Context) error { return ignored }))
		require.Equal(t, api.Closed, b.State())
		require.Zero(t, asked, "before Classify")
		require.EqualValues(t, 1, stats(t, b).Ignored)

		requireTimeout(t, b.Run(context.Background(), func(ctx context.Context) error {
			return api.Run(ctx, api.TimeoutConfig{Limit: 1, Cooperative: true}, func(context.Context) error { time.Sleep(time.Second); return ignored })
		}))
		require.Equal(t, api.Open, b.State(), "beneath a TimeoutError the mark is not seen")
	})
}
