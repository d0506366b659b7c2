package tests

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// deaf returns a function that takes d and ignores its ctx. The test does not end
// before its calls have ended, including abandoned ones.
func deaf(t *testing.T, d time.Duration) func(context.Context) error {
	t.Cleanup(func() { time.Sleep(d + time.Second) })
	return func(context.Context) error { time.Sleep(d); return nil }
}

// polite blocks until ctx is done and returns its error.
func polite(ctx context.Context) error {
	<-ctx.Done()
	return ctx.Err()
}

func requireTimeout(t *testing.T, err error) *api.TimeoutError {
	t.Helper()
	var timeout *api.TimeoutError
	require.ErrorAs(t, err, &timeout)
	require.ErrorIs(t, err, api.ErrTimeout)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	return timeout
}

// Promise (Timeout): The call returns at the limit, even if the function ignores its context.
func TestATimeoutReturnsAtTheLimit(t *testing.T) {
	const limit = 20 * time.Millisecond
	rows := []struct {
		name string
		fn   func(t *testing.T) func(context.Context) error
	}{
		{"though fn ignores its ctx",
			func(t *testing.T) func(context.Context) error { return deaf(t, 300*time.Millisecond) }},
		{"when fn returns its ctx error at the limit",
			func(*testing.T) func(context.Context) error { return polite }},
		{"when fn wraps its ctx error", func(*testing.T) func(context.Context) error {
			return func(ctx context.Context) error { return fmt.Errorf("get: %w", polite(ctx)) }
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				err := api.Run(context.Background(), api.Timeout(limit), row.fn(t))
				require.Equal(t, limit, time.Since(begin))
				requireTimeout(t, err)
			})
		})
	}
}

// Promise (Timeout): A *TimeoutError is ErrTimeout and DeadlineExceeded, and names the operation.
func TestATimeoutErrorNamesTheOperation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := 10500 * time.Millisecond
		err := api.Run(context.Background(), api.TimeoutConfig{Limit: limit, Operation: "x"}, polite)
		require.EqualError(t, err, "Operation 'x' timed out after 10.5s")
		timeout := requireTimeout(t, err)
		require.Equal(t, "x", timeout.Operation)
		require.Equal(t, limit, timeout.Limit)
		require.NoError(t, timeout.Err)

		err = api.Run(context.Background(), api.Timeout(time.Second), polite)
		require.Equal(t, "operation", requireTimeout(t, err).Operation)
	})
}

// Promise (Timeout): What ends before the limit is returned unchanged. After the limit only DeadlineExceeded becomes a *TimeoutError.
func TestATimeoutPassesOnWhatEndsBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, cooperative := range []bool{false, true} {
			p := api.TimeoutConfig{Limit: time.Second, Cooperative: cooperative}
			v, err := api.Do(context.Background(), p, func(context.Context) (int, error) { return 7, nil })
			require.NoError(t, err)
			require.Equal(t, 7, v)
			require.Same(t, errBoom, api.Run(context.Background(), p, fail))
		}
	})
}

// Promise (Timeout): A limit of zero or less times out at once, and the function does not run.
func TestNoLimitTimesOutAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, limit := range []time.Duration{0, -time.Second} {
			for _, cooperative := range []bool{false, true} {
				p := api.TimeoutConfig{Limit: limit, Cooperative: cooperative}
				begin := time.Now()
				requireTimeout(t, api.Run(context.Background(), p, func(context.Context) error {
					t.Error("it ran")
					return nil
				}))
				require.Zero(t, time.Since(begin))
			}
		}
	})
}

// Promise (Timeout): The context of the function carries the deadline, and is cancelled when the call returns.
func TestTheContextCarriesTheDeadlineAndIsCancelledOnReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, cooperative := range []bool{false, true} {
			var kept context.Context
			p := api.TimeoutConfig{Limit: time.Second, Cooperative: cooperative}
			require.NoError(t, api.Run(context.Background(), p, func(ctx context.Context) error {
				deadline, ok := ctx.Deadline()
				require.True(t, ok)
				require.Equal(t, time.Second, time.Until(deadline))
				require.NoError(t, ctx.Err())
				kept = ctx
				return nil
			}))
			require.ErrorIs(t, kept.Err(), context.Canceled)
			<-kept.Done()

			seen := make(chan error, 1)
			requireTimeout(t, api.Run(context.Background(), p, func(ctx context.Context) error {
				<-ctx.Done()
				seen <- ctx.Err()
				return ctx.Err()
			}))
			require.Equal(t, context.DeadlineExceeded, <-seen, "never Canceled at the limit")
		}
	})
}

// Promise (Timeout): If the caller's own context ends first, that is not a timeout.
func TestTheCallersOwnEndIsNotATimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, cooperative := range []bool{false, true} {
			p := api.TimeoutConfig{Limit: time.Second, Cooperative: cooperative}
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(100*time.Millisecond, cancel)
			begin := time.Now()
			err := api.Run(ctx, p, polite)
			require.Equal(t, 100*time.Millisecond, time.Since(begin))
			require.Equal(t, context.Canceled, err)

			ctx, cancel = context.WithTimeout(context.Background(), 100*time.Millisecond)
			err = api.Run(ctx, p, polite)
			cancel()
			require.Equal(t, context.DeadlineExceeded, err, "an earlier deadline of the caller's own")
			require.NotErrorIs(t, err, api.ErrTimeout)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		err := api.Run(ctx, api.TimeoutConfig{Limit: time.Second, Cooperative: true}, func(ctx context.Context) error {
			time.Sleep(3 * time.Second) // past both
			return ctx.Err()
		})
		require.Equal(t, context.DeadlineExceeded, err, "the caller's came first")
	})
}

// Promise (Timeout): The call returns at the limit, even if the function ignores its context.
func TestTheCallersEndIsObeyedThoughFnIsDeaf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		begin := time.Now()
		err := api.Run(ctx, api.Timeout(time.Second), deaf(t, time.Minute))
		require.Equal(t, 100*time.Millisecond, time.Since(begin))
		require.Equal(t, context.DeadlineExceeded, err)
	})
}

// Promise (Timeout): A cooperative timeout starts no goroutine and waits for the function. A late success is a success, a late error a TimeoutError that unwraps to it.
func TestACooperativeTimeoutAwaitsTheFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := api.TimeoutConfig{Limit: time.Second, Cooperative: true}
		begin := time.Now()
		require.NoError(t, api.Run(context.Background(), p, deaf(t, 3*time.Second)), "a success past the limit stays a success")
		require.Equal(t, 3*time.Second, time.Since(begin))

		late := func(context.Context) error { time.Sleep(3 * time.Second); return errBoom }
		err := api.Run(context.Background(), p, late)
		require.ErrorIs(t, err, api.ErrTimeout, "an error past the limit is a timeout")
		require.ErrorIs(t, err, errBoom)

		here := goroutine()
		require.NoError(t, api.Run(context.Background(), p, func(context.Context) error {
			require.Equal(t, here, goroutine(), "no goroutine is used")
			return nil
		}))
	})
}

// goroutine returns the caller's goroutine as its stack names it: "goroutine 7".
func goroutine() string {
	buf := make([]byte, 64)
	name, _, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), " [")
	return name
}

// Promise (Timeout): WithTimeout bounds a single call without a policy.
func TestWithTimeoutIsTheOneOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, err := api.WithTimeout(context.Background(), time.Second, func(context.Context) (string, error) { return "live", nil })
		require.NoError(t, err)
		require.Equal(t, "live", v)

		slow := func(ctx context.Context) (string, error) { return "", polite(ctx) }
		_, err = api.WithTimeout(context.Background(), time.Second, slow)
		requireTimeout(t, err)
		v, err = api.WithTimeout(context.Background(), time.Second, slow, api.Value("timeout_default"))
		require.NoError(t, err)
		require.Equal(t, "timeout_default", v)
	})
}

// Promise (Timeout): A *TimeoutError around a retry reports the last error of the function. Nested timeouts report one timeout.
func TestATimeoutErrorTellsTheLastAttemptsError(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		p := api.Compose(api.Timeout(2500*time.Millisecond), retry(t, s, api.RetryConfig{}))
		hang := deaf(t, time.Minute)
		err := api.Run(context.Background(), p, func(ctx context.Context) error {
			if api.Attempt(ctx) == 1 {
				return errBoom
			}
			return hang(ctx)
		})
		timeout := requireTimeout(t, err)
		require.ErrorIs(t, timeout.Err, errBoom)
		require.ErrorIs(t, err, errBoom)
	})
}

// Promise (Timeout): What ends before the limit is returned unchanged. After the limit only DeadlineExceeded becomes a *TimeoutError.
func TestOnlyDeadlineExceededBecomesATimeoutError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := api.Run(context.Background(), api.Timeout(time.Second), func(ctx context.Context) error {
			<-ctx.Done()
			return errBoom
		})
		// Both come at the same moment. Either may win, and its error must be right.
		if !errors.Is(err, api.ErrTimeout) {
			require.Same(t, errBoom, err)
		}
	})
}

// Promise (Timeout): A *TimeoutError around a retry reports the last error of the function. Nested timeouts report one timeout.
func TestATimeoutAroundARetrySaysItOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		p := api.Compose(api.TimeoutConfig{Limit: time.Second, Operation: "lookup", Cooperative: true}, retry(t, s, api.RetryConfig{}))
		err := api.Run(context.Background(), p, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		require.EqualError(t, err, "Operation 'lookup' timed out after 1s")
	})
}

// Promise (Timeout): A *TimeoutError is ErrTimeout and DeadlineExceeded, and names the operation.
func TestTheLongestLimitNeverFires(t *testing.T) {
	for _, cooperative := range []bool{false, true} { // in real time: that of a bubble begins in the past
		p := api.TimeoutConfig{Limit: math.MaxInt64, Cooperative: cooperative}
		require.NoError(t, api.Run(context.Background(), p, func(ctx context.Context) error { return ctx.Err() }))
	}
}
