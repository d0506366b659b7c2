package torture

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// In real time fn returns near the limits of two Timeouts, one in the other, or its
// caller leaves then. Whatever comes first, the answer and each breaker agree about it.
//
// Promise (Torture): Whether fn or the limit came first is one answer, for the caller and all breakers inside.
func TestTheAnswerAndTheCountsAgreeNearTheLimit(t *testing.T) {
	s := start(t)
	var breakers [3]*api.Breaker
	for i, name := range []string{"0", "1", "2"} {
		b, err := s.Breaker(name, api.BreakerConfig{FailureThreshold: api.Off})
		require.NoError(t, err)
		breakers[i] = b
	}
	r, err := s.Retry("r", api.RetryConfig{MaxAttempts: 1})
	require.NoError(t, err)
	const limit = 30 * time.Microsecond
	policy := api.Compose(breakers[0], api.Timeout(limit), breakers[1], r, api.Timeout(limit), breakers[2])
	var good, bad uint64
	for n := range 3000 * *more {
		ctx, cancel := context.WithCancel(context.Background())
		v, err := api.Do(ctx, policy, func(context.Context) (int, error) {
			for begin := time.Now(); time.Since(begin) < time.Duration(n%7)*limit/4; {
			}
			if n%3 == 0 {
				go cancel()
			}
			return n + 1, nil
		})
		cancel()
		if err == nil {
			good++
			require.Equal(t, n+1, v)
		} else {
			bad++
			require.Zero(t, v)
		}
		for i, b := range breakers {
			st, err := b.Stats()
			require.NoError(t, err)
			require.Equal(t, good, st.Successes, "breaker %d, call %d", i, n)
			require.LessOrEqual(t, st.Failures+st.Ignored, bad, "breaker %d, call %d", i, n) // the call may not have come so far
		}
	}
	t.Logf("%d in time, %d not", good, bad)
}

// The breaker has counted the call as in time; its report goes on past the limit.
//
// Promise (Torture): Whether fn or the limit came first is one answer, for the caller and all breakers inside.
func TestACallerWaitsForTheReportOfACallThatWasInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler), OnCall: func(context.Context, api.Call) { time.Sleep(time.Minute) }})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Shutdown(context.Background())) }()
		b, err := s.Breaker("b", api.BreakerConfig{})
		require.NoError(t, err)
		v, err := api.Do(context.Background(), api.Compose(api.Timeout(time.Second), b), func(context.Context) (int, error) { return 7, nil })
		require.NoError(t, err)
		require.Equal(t, 7, v)
	})
}

// Promise (Torture): Hold, Attempt and next belong to the call they were given.
func TestHoldOfACtxThatOutlivesTheTimeoutHoldsNothing(t *testing.T) {
	for _, p := range []api.Policy{api.Timeout(time.Hour), api.Cooperative(api.Timeout(time.Hour))} {
		var inside context.Context
		require.NoError(t, api.Run(context.Background(), p, func(ctx context.Context) error {
			inside = ctx
			api.Hold(context.WithoutCancel(ctx))
			return nil
		}))
		require.Error(t, inside.Err())
	}
}

// Promise (Torture): Hold, Attempt and next belong to the call they were given.
func TestACallInAHeldCtxIsInsideTheOuterTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := start(t).Breaker("b", api.BreakerConfig{})
		require.NoError(t, err)
		require.ErrorIs(t, api.Run(context.Background(), api.Timeout(time.Second), func(ctx context.Context) error {
			var held context.Context
			_ = api.Run(ctx, api.Timeout(time.Hour), func(ctx context.Context) error {
				held = ctx
				api.Hold(ctx)
				return nil
			})
			return b.Run(held, func(context.Context) error { time.Sleep(time.Minute); return nil })
		}), api.ErrTimeout)
		st, err := b.Stats()
		require.NoError(t, err)
		require.EqualValues(t, 1, st.Failures, "before the Timeout returns")
		time.Sleep(time.Hour)
	})
}

// Promise (Torture): Hold, Attempt and next belong to the call they were given.
func TestTheAttemptIsThatOfTheInnermostRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		r, err := s.Retry("r", api.RetryConfig{MaxAttempts: 2})
		require.NoError(t, err)
		var seen []int
		fn := func(ctx context.Context) error { seen = append(seen, api.Attempt(ctx)); return errBoom }
		require.Error(t, api.Run(context.Background(), api.Compose(r, r), fn))
		require.Equal(t, []int{1, 2, 1, 2}, seen)
		seen = nil
		require.Error(t, r.Run(context.Background(), func(ctx context.Context) error { return r.Run(ctx, fn) }))
		require.Equal(t, []int{1, 2, 1, 2}, seen)
	})
}

// Promise (Torture): Hold, Attempt and next belong to the call they were given.
func TestANextThatIsCalledTooLateRunsNothing(t *testing.T) {
	var kept func(context.Context) error
	keeps := api.Around(func(_ context.Context, next func(context.Context) error) error { kept = next; return nil })
	var ran atomic.Int32
	require.NoError(t, api.Run(context.Background(), keeps, func(context.Context) error { ran.Add(1); return nil }))
	require.ErrorIs(t, kept(context.Background()), api.ErrConfig)
	require.Zero(t, ran.Load())
}
