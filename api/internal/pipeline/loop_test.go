package pipeline

import (
	"context"
	"log/slog"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/messages"
	"github.com/understudy-go/understudy/system"
)

// attemptEnd is what OnCall receives of an attempt, and the number of the attempt.
type attemptEnd struct {
	attempt int
	outcome messages.Outcome
	took    time.Duration
	err     error
}

// observedRetry runs test with a policy of three attempts that is observed.
func observedRetry(t *testing.T, test func(t *testing.T, h *retry.Handle, ends *[]attemptEnd)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		sys, err := system.Start(slog.New(slog.DiscardHandler), 0)
		require.NoError(t, err)
		defer func() { require.NoError(t, sys.Shutdown(context.Background())) }()
		var ends []attemptEnd
		h, err := retry.New(&retry.Shared{Host: sys, OnCall: func(ctx context.Context, end messages.CallEnd) {
			ends = append(ends, attemptEnd{Attempt(ctx), end.Outcome, end.Duration, end.Err})
		}}, "api", retry.Config{Jitter: retry.JitterNone})
		require.NoError(t, err)
		test(t, h, &ends)
	})
}

func TestEachAttemptIsReportedOnce(t *testing.T) {
	observedRetry(t, func(t *testing.T, h *retry.Handle, ends *[]attemptEnd) {
		require.NoError(t, RunRetry(context.Background(), h, func(ctx context.Context) error {
			time.Sleep(time.Duration(Attempt(ctx)) * time.Minute)
			if Attempt(ctx) < 3 {
				return errBoom
			}
			return nil
		}))
		require.Equal(t, []attemptEnd{
			{1, messages.Failure, time.Minute, errBoom}, {2, messages.Failure, 2 * time.Minute, errBoom}, {3, messages.Success, 3 * time.Minute, nil},
		}, *ends)
	})
}

func TestAnAttemptThatDoesNotReturnIsReported(t *testing.T) {
	for what, leave := range map[string]func(){"panic": func() { panic("a bug") }, "exit": runtime.Goexit} {
		observedRetry(t, func(t *testing.T, h *retry.Handle, ends *[]attemptEnd) {
			var calls sync.WaitGroup
			calls.Go(func() {
				defer func() { _ = recover() }()
				_ = RunRetry(context.Background(), h, func(ctx context.Context) error {
					if Attempt(ctx) == 1 {
						return errBoom
					}
					time.Sleep(time.Second)
					leave()
					return nil
				})
			})
			calls.Wait()
			require.Equal(t, []attemptEnd{{1, messages.Failure, 0, errBoom}, {2, messages.Failure, time.Second, nil}}, *ends, what)
			s, err := h.Stats()
			require.NoError(t, err)
			require.Equal(t, messages.RetryStats{Name: "api", Calls: 1, Retries: 1, Waited: time.Second}, s, what)
		})
	}
}
