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

// retry makes the retry "api" without jitter, so that its waits are exact.
func retry(t *testing.T, s *api.System, cfg api.RetryConfig) *api.Retry {
	t.Helper()
	if cfg.Jitter == api.JitterProportional {
		cfg.Jitter = api.JitterNone
	}
	r, err := s.Retry("api", cfg)
	require.NoError(t, err)
	return r
}

// attempts is a function that fails a number of times, then succeeds, and
// records when it was called.
type attempts struct {
	failures int
	err      error
	begin    time.Time
	at       []time.Duration
	numbers  []int
}

func failures(n int) *attempts { return &attempts{failures: n, err: errBoom, begin: time.Now()} }

func (a *attempts) fn(ctx context.Context) error {
	a.at = append(a.at, time.Since(a.begin))
	a.numbers = append(a.numbers, api.Attempt(ctx))
	if len(a.at) <= a.failures {
		return a.err
	}
	return nil
}

func seconds(list ...float64) (out []time.Duration) {
	for _, s := range list {
		out = append(out, time.Duration(s*float64(time.Second)))
	}
	return out
}

// Promise (Retry): The wait grows with each attempt as documented, up to MaxDelay, and never overflows.
func TestARetryWaitsLongerEachTime(t *testing.T) {
	rows := []struct {
		name string
		cfg  api.RetryConfig
		at   []time.Duration
	}{
		{"three attempts by default", api.RetryConfig{}, seconds(0, 1, 3)},
		{"as the documented table says: 1, 2, 4, 8 seconds", api.RetryConfig{MaxAttempts: 5}, seconds(0, 1, 3, 7, 15)},
		{"capped at MaxDelay", api.RetryConfig{MaxAttempts: 5, MaxDelay: 3 * time.Second}, seconds(0, 1, 3, 6, 9)},
		{"steady with factor 1", api.RetryConfig{MaxAttempts: 4, BackoffFactor: 1}, seconds(0, 1, 2, 3)},
		{"one attempt is no retry", api.RetryConfig{MaxAttempts: 1}, seconds(0)},
		{"from InitialDelay", api.RetryConfig{InitialDelay: 500 * time.Millisecond}, seconds(0, 0.5, 1.5)},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				a := failures(100)
				err := api.Run(context.Background(), retry(t, s, row.cfg), a.fn)
				require.ErrorIs(t, err, api.ErrExhausted)
				require.Equal(t, row.at, a.at)
			})
		})
	}
}

// Promise (Retry): A retry stops at the first success.
func TestARetryStopsAtTheFirstSuccess(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{MaxAttempts: 5})
		a := failures(2)
		require.NoError(t, api.Run(context.Background(), r, a.fn))
		require.Equal(t, []int{1, 2, 3}, a.numbers, "Attempt returns the number of the attempt")
	})
}

// Promise (Retry): Attempt reports the number of the attempt to the function, and 1 outside a retry.
func TestAttemptIsOneAnywhereElse(t *testing.T) {
	require.Equal(t, 1, api.Attempt(context.Background()))
	bubble(t, func(t *testing.T, s *api.System) {
		require.NoError(t, api.Run(context.Background(), breaker(t, s, api.BreakerConfig{}), func(ctx context.Context) error {
			require.Equal(t, 1, api.Attempt(ctx))
			return nil
		}))
	})
}

// Promise (Retry): OnRetry is called before each wait.
func TestOnRetryIsToldBeforeEachWait(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		begin := time.Now()
		var calls []string
		r := retry(t, s, api.RetryConfig{OnRetry: func(err error, attempt int, delay time.Duration) {
			calls = append(calls, fmt.Sprint(time.Since(begin), " ", err, " ", attempt, " ", delay))
		}})
		require.Error(t, api.Run(context.Background(), r, fail))
		require.Equal(t, []string{"0s boom 1 1s", "1s boom 2 2s"}, calls)
	})
}

// Promise (Retry): An error that is not retryable is returned unchanged. A Permanent error is never retried.
func TestAnErrorThatIsNotRetryableComesBackAsItIs(t *testing.T) {
	open := &api.CircuitOpenError{Name: "other"}
	rows := []struct {
		name string
		cfg  api.RetryConfig
		err  error
	}{
		{"context.Canceled", api.RetryConfig{}, context.Canceled},
		{"an open circuit", api.RetryConfig{}, open},
		{"a shut down system", api.RetryConfig{}, api.ErrShutdown},
		{"wrapped", api.RetryConfig{}, fmt.Errorf("get: %w", api.ErrShutdown)},
		{"a refusal and a cancellation", api.RetryConfig{}, errors.Join(open, fmt.Errorf("get: %w", context.Canceled))},
		{"what Retryable refuses", api.RetryConfig{Retryable: func(err error) bool { return !errors.Is(err, errBoom) }}, errBoom},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				a := failures(100)
				a.err = row.err
				require.Equal(t, row.err, api.Run(context.Background(), retry(t, s, row.cfg), a.fn))
				require.Len(t, a.at, 1)
			})
		})
	}
}

// Promise (Retry): Retryable replaces the default rule, which retries an attempt that ended with DeadlineExceeded.
func TestRetryableReplacesTheDefault(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{Retryable: func(error) bool { return true }})
		a := failures(2)
		a.err = api.ErrCircuitOpen
		require.NoError(t, api.Run(context.Background(), r, a.fn))
		require.Len(t, a.at, 3)
	})
}

// Promise (Retry): Retryable replaces the default rule, which retries an attempt that ended with DeadlineExceeded.
func TestDeadlineExceededOfOneAttemptIsRetried(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		a := failures(1)
		a.err = context.DeadlineExceeded
		require.NoError(t, api.Run(context.Background(), retry(t, s, api.RetryConfig{}), a.fn))
	})
}

// Promise (Retry): A cancellation or a refusal that is joined with another error is retried.
func TestACancellationBesideAFailureIsRetried(t *testing.T) {
	for name, err := range map[string]error{
		"joined with a cancellation": errors.Join(errBoom, context.Canceled),
		"joined with a refusal":      errors.Join(api.ErrCircuitOpen, errBoom),
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				a := failures(100)
				a.err = err
				require.ErrorIs(t, api.Run(context.Background(), retry(t, s, api.RetryConfig{}), a.fn), api.ErrExhausted)
				require.Len(t, a.at, 3)
			})
		})
	}
}

// Promise (Retry): An error that is not retryable is returned unchanged. A Permanent error is never retried.
func TestPermanentUnwraps(t *testing.T) {
	require.ErrorIs(t, api.Permanent(errBoom), errBoom)
	require.ErrorIs(t, api.RetryAfter(errBoom, time.Second), errBoom)
}

// Promise (Retry): A RetryAfter error makes the wait at least that long, without jitter, up to MaxDelay.
func TestRetryAfterSetsTheNextWait(t *testing.T) {
	rows := []struct {
		name   string
		jitter api.Jitter
		after  time.Duration
		wait   time.Duration
	}{
		{"when it is longer than the back-off", api.JitterNone, 7 * time.Second, 7 * time.Second},
		{"without jitter", api.JitterEqual, 7 * time.Second, 7 * time.Second},
		{"not when the back-off is longer", api.JitterNone, 10 * time.Millisecond, time.Second},
		{"not when it is negative", api.JitterNone, -time.Second, time.Second},
		{"capped at MaxDelay", api.JitterNone, time.Hour, time.Minute},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				a := failures(1)
				a.err = fmt.Errorf("get: %w", api.RetryAfter(errBoom, row.after))
				r := retry(t, s, api.RetryConfig{Jitter: row.jitter})
				require.NoError(t, api.Run(context.Background(), r, a.fn))
				require.Equal(t, []time.Duration{0, row.wait}, a.at)
			})
		})
	}
}

// Promise (Retry): Stats count calls, retries, recoveries, failures and waits. Configure takes effect at once and keeps the counts.
func TestRetryStatisticsAreKept(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{MaxAttempts: 3})
		require.NoError(t, api.Run(context.Background(), r, succeed))
		require.NoError(t, api.Run(context.Background(), r, failures(1).fn))
		require.Error(t, api.Run(context.Background(), r, fail))
		want := api.RetryStats{Name: "api", Calls: 3, Retries: 3, Exhausted: 1, Recovered: 1, Waited: 4 * time.Second}
		st, err := r.Stats()
		require.NoError(t, err)
		require.Equal(t, want, st)

		require.NoError(t, r.Configure(api.RetryConfig{MaxAttempts: 1}))
		st, err = r.Stats()
		require.NoError(t, err)
		require.Equal(t, want, st, "Configure keeps them")
		a := failures(9)
		require.Error(t, api.Run(context.Background(), r, a.fn))
		require.Len(t, a.at, 1, "Configure is live")
		require.Equal(t, time.Second, r.Config().InitialDelay, "and merges nothing")
	})
}
