package tests

import (
	"context"
	"database/sql"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Retry): A breaker and a retry can share one Classify: a Failure is retried, anything else comes back as it is.
func TestABreakerAndARetryShareOneRule(t *testing.T) {
	errDeclined := errors.New("declined")
	rule := func(err error) api.Outcome {
		switch {
		case err == nil, errors.Is(err, sql.ErrNoRows):
			return api.Success
		case errors.Is(err, errDeclined):
			return api.Ignored
		}
		return api.Failure
	}
	rows := []struct {
		err      error
		attempts int
		want     api.BreakerStats
	}{
		{nil, 1, api.BreakerStats{Successes: 1}},
		{sql.ErrNoRows, 1, api.BreakerStats{Successes: 1}},
		{errDeclined, 1, api.BreakerStats{Ignored: 1}},
		{errBoom, 3, api.BreakerStats{Failures: 3}},
		{context.Canceled, 3, api.BreakerStats{Failures: 3}},
	}
	for _, row := range rows {
		bubble(t, func(t *testing.T, s *api.System) {
			b := breaker(t, s, api.BreakerConfig{Classify: rule})
			a := failures(100)
			a.err = row.err
			err := api.Run(context.Background(), api.Compose(retry(t, s, api.RetryConfig{Classify: rule}), b), a.fn)
			require.Len(t, a.at, row.attempts)
			if row.attempts == 1 {
				require.Equal(t, row.err, err)
			}
			got := stats(t, b)
			require.Equal(t, row.want, api.BreakerStats{Successes: got.Successes, Failures: got.Failures, Ignored: got.Ignored})
		})
	}
}

// Promise (Retry): A breaker and a retry can share one Classify: a Failure is retried, anything else comes back as it is.
func TestAnOutcomeThatDoesNotExistIsRetried(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{Classify: func(error) api.Outcome { return 99 }})
		require.ErrorIs(t, api.Run(context.Background(), r, fail), api.ErrExhausted)
		permanent := failures(100)
		permanent.err = api.Permanent(errBoom)
		require.Equal(t, errBoom, api.Run(context.Background(), r, permanent.fn), "Permanent is never retried")
	})
}

// Promise (Retry): A Backoff of one's own replaces the waits. If it panics, the caller gets the panic, and nothing is lost.
func TestOwnWaits(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var asked []error
		r := retry(t, s, api.RetryConfig{MaxAttempts: 4, InitialDelay: time.Hour, MaxDelay: 5 * time.Second, Backoff: func(attempt int, err error) time.Duration {
			asked = append(asked, err)
			return []time.Duration{3 * time.Second, -time.Second, time.Hour}[attempt-1]
		}})
		a := failures(100)
		require.Error(t, api.Run(context.Background(), r, a.fn))
		require.Equal(t, seconds(0, 3, 3, 8), a.at)
		require.Equal(t, []error{errBoom, errBoom, errBoom}, asked, "it is not asked after the last attempt")
		require.Equal(t, 3*time.Second, r.Config().Delay(1))
		require.Nil(t, asked[3], "Delay knows no error")
	})
}

// Promise (Retry): A Backoff of one's own replaces the waits. If it panics, the caller gets the panic, and nothing is lost.
func TestAPanicInABackoffReachesTheCaller(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		broken := true
		r := retry(t, s, api.RetryConfig{Budget: &api.RetryBudget{MinPerSecond: 0.1}, Backoff: func(int, error) time.Duration {
			if broken {
				panic("broken")
			}
			return time.Second
		}})
		require.PanicsWithValue(t, "broken", func() { _ = api.Run(context.Background(), r, fail) })
		broken = false
		require.NoError(t, api.Run(context.Background(), r, failures(1).fn), "the budget is not spent")
		st, err := r.Stats()
		require.NoError(t, err)
		require.Equal(t, api.RetryStats{Name: "api", Calls: 2, Retries: 1, Recovered: 1, Waited: time.Second}, st)
	})
}

// Promise (Retry): With Unlimited, attempts follow until the ctx ends.
func TestUnlimitedAttemptsEndWithTheContext(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{MaxAttempts: api.Unlimited, BackoffFactor: 1})
		ctx, cancel := context.WithTimeout(context.Background(), 1000500*time.Millisecond)
		defer cancel()
		a := failures(1 << 30)
		err := api.Run(ctx, r, a.fn)
		require.Equal(t, &api.RetryError{Name: "api", Attempts: 1001, Reason: "deadline", Err: errBoom}, err)
		require.Len(t, a.at, 1001)
		require.Equal(t, api.Unlimited, r.Config().MaxAttempts)
		require.NoError(t, api.Run(context.Background(), r, failures(5000).fn))
	})
}

// Promise (Retry): A Classify that a breaker and a retry share need not know refusals: they are not retried.
func TestASharedRuleDoesNotWaitForTheCircuit(t *testing.T) {
	errAnswer := errors.New("no rows")
	outcome := func(err error) api.Outcome {
		if err == nil || errors.Is(err, errAnswer) {
			return api.Success
		}
		return api.Failure
	}
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 3, Classify: outcome})
		r, err := s.Retry("api", api.RetryConfig{InitialDelay: 1, Classify: outcome})
		require.NoError(t, err)
		p := api.Compose(r, b)
		require.Equal(t, errAnswer, api.Run(context.Background(), p, func(context.Context) error { return errAnswer }))
		require.ErrorIs(t, api.Run(context.Background(), p, fail), errBoom)
		play(t, b, "OPEN")
		require.Less(t, took(func() {
			require.Equal(t, b.Run(context.Background(), succeed), api.Run(context.Background(), p, succeed), "the refusal as it is")
		}), time.Second)
	})
}
