package tests

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// requireRetryError requires a RetryError of "api" that wraps the function's
// error.
func requireRetryError(t *testing.T, err error, reason string, attempts int) {
	t.Helper()
	var gaveUp *api.RetryError
	require.ErrorAs(t, err, &gaveUp)
	require.Equal(t, "api", gaveUp.Name)
	require.Equal(t, reason, gaveUp.Reason)
	require.Equal(t, attempts, gaveUp.Attempts)
	require.Equal(t, errBoom, gaveUp.Err)
	require.ErrorIs(t, err, errBoom)
	require.Contains(t, err.Error(), "boom")
	require.Contains(t, err.Error(), "api")
}

// Promise (Retry): When a retry gives up, its error reports the reason and wraps the last error of the function.
func TestNoAttemptsLeft(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		err := api.Run(context.Background(), retry(t, s, api.RetryConfig{}), fail)
		requireRetryError(t, err, "attempts", 3)
		require.ErrorIs(t, err, api.ErrExhausted)
		require.NotErrorIs(t, err, context.DeadlineExceeded)
	})
}

// Promise (Retry): When a retry gives up, its error reports the reason and wraps the last error of the function.
func TestAWaitThatCannotEndInTimeIsNotBegun(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		ctx, cancel := context.WithTimeout(context.Background(), 2500*time.Millisecond)
		defer cancel()
		r := retry(t, s, api.RetryConfig{MaxAttempts: 9})
		begin := time.Now()
		err := api.Run(ctx, r, fail)
		require.Equal(t, time.Second, time.Since(begin), "one wait of 1 s; 2 s would be too long")
		requireRetryError(t, err, "deadline", 2)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.NotErrorIs(t, err, api.ErrExhausted)
	})
}

// Promise (Retry): When a retry gives up, its error reports the reason and wraps the last error of the function.
func TestTheCallersCancellationEndsTheWait(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(400*time.Millisecond, cancel)
		r := retry(t, s, api.RetryConfig{})
		begin := time.Now()
		err := api.Run(ctx, r, fail)
		require.Equal(t, 400*time.Millisecond, time.Since(begin))
		requireRetryError(t, err, "cancelled", 1)
		require.ErrorIs(t, err, context.Canceled)
		require.NotErrorIs(t, err, api.ErrExhausted)
	})
}

// Promise (Retry): When a retry gives up, its error reports the reason and wraps the last error of the function.
func TestShutdownEndsTheWait(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		time.AfterFunc(400*time.Millisecond, func() { s.Shutdown(context.Background()) })
		r := retry(t, s, api.RetryConfig{})
		begin := time.Now()
		err := api.Run(context.Background(), r, fail)
		require.Equal(t, 400*time.Millisecond, time.Since(begin))
		requireRetryError(t, err, "shutdown", 1)
		require.ErrorIs(t, err, api.ErrShutdown)
		require.NotErrorIs(t, err, api.ErrExhausted)
	})
}

// Promise (Retry): When a retry gives up, its error reports the reason and wraps the last error of the function.
func TestTheBudgetIsCheckedBeforeAnyWait(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{Budget: &api.RetryBudget{}})
		begin := time.Now()
		err := api.Run(context.Background(), r, fail)
		require.Zero(t, time.Since(begin))
		requireRetryError(t, err, "budget", 1)
		st, err := r.Stats()
		require.NoError(t, err)
		require.Equal(t, api.RetryStats{Name: "api", Calls: 1, Throttled: 1}, st)
	})
}

// throttledAmong makes calls that fail at the first attempt, and returns how many
// of them the budget denied a retry.
func throttledAmong(t *testing.T, r *api.Retry, calls int) int {
	t.Helper()
	before, err := r.Stats()
	require.NoError(t, err)
	for range calls {
		api.Run(context.Background(), r, failures(1).fn)
	}
	after, err := r.Stats()
	require.NoError(t, err)
	return int(after.Throttled - before.Throttled)
}

// Promise (Retry): The budget allows retries for a share of the calls, and a few per second always. Configure keeps what is spent.
func TestTheBudgetAllowsAShareOfCalls(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		cfg := api.RetryConfig{InitialDelay: 1, Budget: &api.RetryBudget{Ratio: 0.2}}
		r := retry(t, s, cfg)
		for range 50 {
			require.NoError(t, api.Run(context.Background(), r, succeed))
		}
		require.Equal(t, 30, throttledAmong(t, r, 50), "100 calls allow 20 retries")
		time.Sleep(time.Minute) // the window has passed
		for range 100 {
			require.NoError(t, api.Run(context.Background(), r, succeed))
		}
		require.Equal(t, 0, throttledAmong(t, r, 20))
	})
}

// Promise (Retry): The budget allows retries for a share of the calls, and a few per second always. Configure keeps what is spent.
func TestTheBudgetAlwaysAllowsAFewPerSecond(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{InitialDelay: 1, Budget: &api.RetryBudget{MinPerSecond: 1}})
		allowed := 0
		for range 60 {
			time.Sleep(time.Second)
			allowed += 3 - throttledAmong(t, r, 3)
		}
		require.InDelta(t, 60, allowed, 11, "about one a second, and no more than a window's worth beside")
	})
}

// Promise (Retry): The budget allows retries for a share of the calls, and a few per second always. Configure keeps what is spent.
func TestConfigureKeepsTheBudgetThatIsSpent(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		cfg := api.RetryConfig{InitialDelay: 1, Budget: &api.RetryBudget{MinPerSecond: 0.5}} // 5 in 10 s
		r := retry(t, s, cfg)
		require.NotZero(t, throttledAmong(t, r, 20))
		cfg.MaxAttempts = 7
		require.NoError(t, r.Configure(cfg))
		require.Equal(t, 1, throttledAmong(t, r, 1))
	})
}

// Promise (Retry): A budget holds in any span of its Window. What a retry took comes back a Window later, or up to a tenth of it after that.
func TestABudgetHoldsInAnySpanOfItsWindow(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{InitialDelay: 1, Budget: &api.RetryBudget{MinPerSecond: 1}}) // 10 in 10 s
		allowed := func(calls int) int { return calls - throttledAmong(t, r, calls) }
		time.Sleep(990 * time.Millisecond)
		require.Equal(t, 10, allowed(20))
		time.Sleep(9010 * time.Millisecond)
		require.Equal(t, 0, allowed(20), "9.01 s later")
		time.Sleep(1990 * time.Millisecond)
		require.Equal(t, 10, allowed(20), "11 s later")
	})
}

// Promise (Retry): A budget holds in any span of its Window. What a retry took comes back a Window later, or up to a tenth of it after that.
func TestABudgetHoldsWhileItsWindowChanges(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		cfg := api.RetryConfig{InitialDelay: 1, Budget: &api.RetryBudget{Ratio: 0.1, Window: time.Minute}}
		r := retry(t, s, cfg)
		for range 100 {
			require.NoError(t, api.Run(context.Background(), r, succeed))
		}
		time.Sleep(30 * time.Second)
		cfg.Budget.Window = 10 * time.Second
		require.Equal(t, time.Minute, r.Config().Budget.Window, "the settings are a copy")
		require.NoError(t, r.Configure(cfg))
		require.Equal(t, 1, throttledAmong(t, r, 1), "the calls of the last 10 s allow none")
	})
}

// Promise (Retry): A context that is done starts no attempt.
func TestADoneContextStartsNoRetry(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		r := retry(t, s, api.RetryConfig{})
		err := api.Run(ctx, r, func(context.Context) error { t.Error("it ran"); return nil })
		require.ErrorIs(t, err, context.Canceled)
		st, err := r.Stats()
		require.NoError(t, err)
		require.Zero(t, st.Calls)
	})
}
