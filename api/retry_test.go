package api_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

var errFailed = errors.New("failed")

// withRetry runs test in a bubble with a System and a retry policy.
func withRetry(t *testing.T, cfg api.RetryConfig, test func(t *testing.T, sys *api.System, r *api.Retry)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sys, err := api.Start(quiet)
		require.NoError(t, err)
		defer func() { require.NoError(t, sys.Shutdown(context.Background())) }()
		r, err := sys.Retry("api", cfg)
		require.NoError(t, err)
		test(t, sys, r)
	})
}

// Promise (Concurrency and cost): Calls and refusals allocate nothing, however a call ends. A timeout allocates little.
func TestASuccessfulRunAllocatesNothing(t *testing.T) {
	sys, err := api.Start(quiet)
	require.NoError(t, err)
	defer func() { require.NoError(t, sys.Shutdown(context.Background())) }()
	for name, budget := range map[string]*api.RetryBudget{"plain": nil, "with a budget": {Ratio: 0.1}} {
		r, err := sys.Retry(name, api.RetryConfig{Budget: budget})
		require.NoError(t, err)
		ctx, sum := context.Background(), 0
		require.Zero(t, testing.AllocsPerRun(1000, func() {
			_ = r.Run(ctx, func(context.Context) error { sum++; return nil })
		}), name)
		require.Positive(t, sum)
	}
}

func TestTheContextOfAFirstAttemptIsTheCallers(t *testing.T) {
	withRetry(t, api.RetryConfig{}, func(t *testing.T, sys *api.System, outer *api.Retry) {
		inner, err := sys.Retry("inner", api.RetryConfig{})
		require.NoError(t, err)
		ctx := t.Context()
		var seen [][2]int
		require.Error(t, outer.Run(ctx, func(within context.Context) error {
			if api.Attempt(within) == 1 {
				require.True(t, ctx == within)
			}
			return inner.Run(within, func(deep context.Context) error {
				seen = append(seen, [2]int{api.Attempt(within), api.Attempt(deep)})
				return errFailed
			})
		}))
		require.Equal(t, [][2]int{{1, 1}, {1, 2}, {1, 3}, {2, 1}, {2, 2}, {2, 3}, {3, 1}, {3, 2}, {3, 3}}, seen)
	})
}

func TestACallerThatLeavesDuringAnAttempt(t *testing.T) {
	for _, row := range []struct {
		what     string
		attempts int
		leave    func(context.Context) (context.Context, context.CancelFunc)
		reason   string
		is       error
	}{
		{"cancelled", 3, context.WithCancel, "cancelled", context.Canceled},
		{"out of time", 3, func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, time.Second)
		}, "deadline", context.DeadlineExceeded},
		{"at the last attempt", 1, context.WithCancel, "attempts", api.ErrExhausted},
	} {
		t.Run(row.what, func(t *testing.T) {
			withRetry(t, api.RetryConfig{MaxAttempts: row.attempts, OnRetry: func(error, int, time.Duration) {
				t.Error("the caller does not wait")
			}}, func(t *testing.T, _ *api.System, r *api.Retry) {
				ctx, cancel := row.leave(t.Context())
				err := r.Run(ctx, func(context.Context) error {
					time.Sleep(2 * time.Second)
					cancel()
					return errFailed
				})
				var gaveUp *api.RetryError
				require.ErrorAs(t, err, &gaveUp)
				require.Equal(t, &api.RetryError{Name: "api", Attempts: 1, Reason: row.reason, Err: errFailed}, gaveUp)
				require.ErrorIs(t, err, errFailed)
				require.ErrorIs(t, err, row.is)
				s, err := r.Stats()
				require.NoError(t, err)
				require.Zero(t, s.Retries)
			})
		})
	}
}

func TestWhatRetryRefuses(t *testing.T) {
	withRetry(t, api.RetryConfig{}, func(t *testing.T, sys *api.System, r *api.Retry) {
		fn := func(context.Context) error { t.Error("ran"); return nil }
		done, cancel := context.WithCancel(t.Context())
		cancel()
		var none *api.Retry
		var noSystem *api.System
		_, noStats := none.Stats()
		_, nowhere := noSystem.Retry("api", api.RetryConfig{})
		_, unnamed := sys.Retry("", api.RetryConfig{})
		var noCtx context.Context
		for _, err := range []error{
			none.Run(t.Context(), fn), (&api.Retry{}).Run(t.Context(), fn), none.Configure(api.RetryConfig{}), noStats, nowhere, unnamed,
			r.Run(noCtx, fn), r.Run(t.Context(), nil),
		} {
			var bad *api.ConfigError
			require.ErrorAs(t, err, &bad)
			require.ErrorIs(t, err, api.ErrConfig)
		}
		require.Equal(t, context.Canceled, r.Run(done, fn))
		require.Empty(t, none.Name())
		require.Zero(t, none.Config())
		s, err := r.Stats()
		require.NoError(t, err)
		require.Equal(t, api.RetryStats{Name: "api"}, s)

		require.NoError(t, sys.Shutdown(t.Context()))
		require.Equal(t, api.ErrShutdown, r.Run(t.Context(), fn))
		_, err = sys.Retry("another", api.RetryConfig{})
		require.Equal(t, api.ErrShutdown, err)
	})
}

func TestAnAttemptThatOutlivesTheSystem(t *testing.T) {
	withRetry(t, api.RetryConfig{}, func(t *testing.T, sys *api.System, r *api.Retry) {
		shutDown := func(result error) error {
			return r.Run(t.Context(), func(context.Context) error {
				require.NoError(t, sys.Shutdown(t.Context()))
				return result
			})
		}
		err := shutDown(errFailed)
		require.Equal(t, &api.RetryError{Name: "api", Attempts: 1, Reason: "shutdown", Err: errFailed}, err)
		require.ErrorIs(t, err, api.ErrShutdown)
		require.ErrorIs(t, err, errFailed)
	})
	withRetry(t, api.RetryConfig{}, func(t *testing.T, sys *api.System, r *api.Retry) {
		final := api.Permanent(errFailed)
		require.True(t, errFailed == r.Run(t.Context(), func(context.Context) error {
			require.NoError(t, sys.Shutdown(t.Context()))
			return final
		}))
	})
}

func TestAPanicReachesTheCaller(t *testing.T) {
	withRetry(t, api.RetryConfig{}, func(t *testing.T, _ *api.System, r *api.Retry) {
		require.PanicsWithValue(t, "boom", func() {
			_ = r.Run(t.Context(), func(context.Context) error { panic("boom") })
		})
		require.NoError(t, r.Run(t.Context(), func(context.Context) error { return nil }))
	})
}

func TestPermanentAndRetryAfterOfNilAreNil(t *testing.T) {
	require.NoError(t, api.Permanent(nil))
	require.NoError(t, api.RetryAfter(nil, time.Second))
	require.EqualError(t, api.RetryAfter(api.Permanent(errFailed), time.Second), "failed")
	require.Equal(t, errFailed, errors.Unwrap(api.Permanent(errFailed)))
}

func TestARetryErrorMadeByHand(t *testing.T) {
	for reason, is := range map[string]error{
		"attempts": api.ErrExhausted, "deadline": context.DeadlineExceeded, "cancelled": context.Canceled, "shutdown": api.ErrShutdown,
	} {
		require.ErrorIs(t, &api.RetryError{Reason: reason}, is)
		var open *api.CircuitOpenError
		require.False(t, errors.As(&api.RetryError{Reason: reason}, &open))
	}
	require.EqualError(t, &api.RetryError{Name: "api", Attempts: 1, Reason: "budget", Err: errFailed},
		"Retry 'api' gave up after 1 attempt (the retry budget is spent): failed")
	require.EqualError(t, &api.RetryError{Name: "api", Attempts: 2, Reason: "cancelled", Err: errFailed},
		"Retry 'api' gave up after 2 attempts (cancelled): failed")
	require.EqualError(t, &api.RetryError{Name: "api", Attempts: 2, Reason: "refused", Err: errFailed, Cause: errors.New("full")},
		"Retry 'api' gave up after 2 attempts (refused: full): failed")
	require.EqualError(t, &api.RetryError{Name: "api", Attempts: 2, Reason: "attempts", Err: errFailed, Cause: errors.New("full")},
		"Retry 'api' gave up after 2 attempts (full): failed")
}
