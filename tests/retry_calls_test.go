package tests

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Retry): Each attempt is reported to OnCall once: a Failure if it is retried, with its number and duration.
func TestOnCallReceivesEachAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []api.Call
		s := start(t, api.SystemConfig{OnCall: func(_ context.Context, c api.Call) { calls = append(calls, c) }})
		p := api.Compose(retry(t, s, api.RetryConfig{}), breaker(t, s, api.BreakerConfig{FailureThreshold: 1, ResetTimeout: time.Second}))
		err := api.Run(context.Background(), p, func(context.Context) error {
			time.Sleep(3 * time.Second)
			return api.RetryAfter(errBoom, time.Millisecond)
		})
		require.ErrorIs(t, err, api.ErrExhausted)
		call := func(kind string, attempt int, took time.Duration) api.Call {
			return api.Call{Kind: kind, Name: "api", Attempt: attempt, Outcome: api.Failure, Duration: took, Err: errBoom}
		}
		require.Len(t, calls, 6)
		for i, got := range calls {
			kind := []string{"breaker", "retry"}[i%2]
			require.EqualError(t, got.Err, "boom")
			got.Err = errBoom
			require.Equal(t, call(kind, i/2+1, 3*time.Second), got)
		}

		calls = nil
		require.NoError(t, s.Shutdown(context.Background()))
		require.Equal(t, api.ErrShutdown, api.Run(context.Background(), retryNamed(t, s), succeed))
		require.Equal(t, []api.Call{{Kind: "retry", Name: "api", Attempt: 1, Outcome: api.Ignored, Refused: true, Err: api.ErrShutdown}}, calls)
	})
}

func retryNamed(t *testing.T, s *api.System) *api.Retry {
	t.Helper()
	r, found := s.LookupRetry("api")
	require.True(t, found)
	return r
}

// Promise (Retry): A warning names the functions that Configure drops, and those that differ at the second naming.
func TestAWarningNamesTheFunctionsThatARetryDrops(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		cfg := api.RetryConfig{
			Retryable: always, OnRetry: func(error, int, time.Duration) {}, Backoff: func(int, error) time.Duration { return 0 },
		}
		r := retry(t, s, cfg)
		require.Error(t, r.Configure(api.RetryConfig{MaxAttempts: -2}))
		require.NoError(t, r.Configure(r.Config()))
		require.Empty(t, log.sentences(t))
		require.NoError(t, r.Configure(api.RetryConfig{MaxAttempts: 5, Budget: &api.RetryBudget{}}))
		log.find(t, "WARN", "Settings were dropped: retry 'api' was configured without Backoff, Retryable, OnRetry")
		require.NoError(t, r.Configure(api.RetryConfig{Classify: func(error) api.Outcome { return api.Failure }}))
		require.Len(t, log.sentences(t), 1)
		require.NoError(t, r.Configure(api.RetryConfig{}))
		log.find(t, "WARN", "Settings were dropped: retry 'api' was configured without Classify")

		require.NoError(t, r.Configure(api.RetryConfig{Retryable: always, Jitter: api.JitterNone}))
		retry(t, s, api.RetryConfig{Retryable: always})
		require.Len(t, log.sentences(t), 2)
		retry(t, s, api.RetryConfig{Retryable: func(error) bool { return false }})
		log.find(t, "WARN", "The first settings stay: retry 'api' exists with another Retryable")
	})
}
