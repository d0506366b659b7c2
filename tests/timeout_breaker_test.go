package tests

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Timeout): When a timeout leaves a call behind, each breaker inside counts one failure before the caller returns.
func TestATimeoutDoesNotBlindTheBreakersInside(t *testing.T) {
	rows := []struct {
		name   string
		policy func(b *api.Breaker) api.Policy
		fn     func(t *testing.T, b *api.Breaker) func(context.Context) error
	}{
		{"composed", func(b *api.Breaker) api.Policy { return api.Compose(api.Timeout(time.Second), b) },
			func(t *testing.T, _ *api.Breaker) func(context.Context) error { return deaf(t, time.Minute) }},
		{"entered by Run with the Timeout's ctx", func(*api.Breaker) api.Policy { return api.Timeout(time.Second) },
			func(t *testing.T, b *api.Breaker) func(context.Context) error {
				return func(ctx context.Context) error { return b.Run(ctx, deaf(t, time.Minute)) }
			}},
		{"entered by Do with a ctx derived from it", func(*api.Breaker) api.Policy { return api.Timeout(time.Second) },
			func(t *testing.T, b *api.Breaker) func(context.Context) error {
				return func(ctx context.Context) error {
					ctx, cancel := context.WithCancel(ctx)
					defer cancel()
					return api.Run(ctx, b, deaf(t, time.Minute))
				}
			}},
		{"polite functions too", func(b *api.Breaker) api.Policy { return api.Compose(api.Timeout(time.Second), b) },
			func(t *testing.T, _ *api.Breaker) func(context.Context) error { return polite }},
		{"and cooperative timeouts", func(b *api.Breaker) api.Policy {
			return api.Compose(api.TimeoutConfig{Limit: time.Second, Cooperative: true}, b)
		}, func(t *testing.T, _ *api.Breaker) func(context.Context) error { return polite }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, ResetTimeout: time.Hour})
				begin := time.Now()
				err := api.Run(context.Background(), row.policy(b), row.fn(t, b))
				requireTimeout(t, err)
				require.Equal(t, time.Second, time.Since(begin))
				play(t, b, "OPEN x")
				before := stats(t, b)
				require.EqualValues(t, 1, before.Failures)

				time.Sleep(2 * time.Minute) // the abandoned call ends
				after := stats(t, b)
				require.Equal(t, [3]uint64{before.Successes, before.Failures, before.Late},
					[3]uint64{after.Successes, after.Failures, after.Late}, "once; what it does later is ignored")
			})
		})
	}
}

// Promise (Timeout): When a timeout leaves a call behind, each breaker inside counts one failure before the caller returns.
func TestATimeoutTakesOverEveryBreakerInside(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		outer := breaker(t, s, api.BreakerConfig{})
		inner, err := s.Breaker("inner", api.BreakerConfig{})
		require.NoError(t, err)
		done, err := s.Breaker("done", api.BreakerConfig{})
		require.NoError(t, err)
		p := api.Compose(api.Timeout(time.Second), outer, inner)
		hang := deaf(t, time.Minute)
		requireTimeout(t, api.Run(context.Background(), p, func(ctx context.Context) error {
			require.NoError(t, done.Run(ctx, succeed))
			return hang(ctx)
		}))
		require.EqualValues(t, 1, stats(t, outer).Failures)
		require.EqualValues(t, 1, stats(t, inner).Failures)
		require.Equal(t, api.BreakerStats{Name: "done", Successes: 1}, stats(t, done), "its call had ended")
	})
}

// Promise (Timeout): When a timeout leaves a call behind, each breaker inside counts one failure before the caller returns.
func TestATimeoutReportsATrial(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f 60s HALF_OPEN")
		requireTimeout(t, api.Run(context.Background(), api.Compose(api.Timeout(time.Second), b), deaf(t, time.Minute)))
		play(t, b, "OPEN")
	})
}

// Promise (Timeout): A timeout does not report permits from Acquire, nor the calls of breakers around it.
func TestAPermitFromAcquireIsTheHoldersBusiness(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		requireTimeout(t, api.Run(context.Background(), api.Timeout(time.Second), func(ctx context.Context) error {
			p, err := b.Acquire(ctx)
			require.NoError(t, err)
			time.Sleep(time.Minute)
			p.Done(nil)
			return nil
		}))
		require.Equal(t, api.BreakerStats{Name: "api"}, stats(t, b))
		time.Sleep(time.Hour)
		require.Equal(t, api.BreakerStats{Name: "api", Successes: 1}, stats(t, b))
	})
}

// Promise (Timeout): If the caller's context ends before the limit, breakers inside ignore a cancellation and count a deadline as a failure.
func TestWhenTheCallersOwnContextEndsFirst(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		p := api.Compose(api.Timeout(time.Minute), b)

		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Second, cancel)
		require.ErrorIs(t, api.Run(ctx, p, deaf(t, time.Hour)), context.Canceled)
		require.Equal(t, api.BreakerStats{Name: "api", Ignored: 1}, stats(t, b), "cancelled: Ignored")

		ctx, cancel = context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.ErrorIs(t, api.Run(ctx, p, deaf(t, time.Hour)), context.DeadlineExceeded)
		require.Equal(t, api.BreakerStats{Name: "api", Ignored: 1, Failures: 1, ConsecutiveFailures: 1}, stats(t, b), "deadline: Failure")
		time.Sleep(2 * time.Hour)
	})
}

// Promise (Timeout): A timeout does not report permits from Acquire, nor the calls of breakers around it.
func TestABreakerAroundATimeoutCountsIt(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		requireTimeout(t, api.Run(context.Background(), api.Compose(b, api.Timeout(time.Second)), deaf(t, time.Minute)))
		play(t, b, "OPEN")
		require.EqualValues(t, 1, stats(t, b).Failures)
	})
}

// Promise (Timeout): A timeout does not report permits from Acquire, nor the calls of breakers around it.
func TestAnInnerTimeoutLeavesOuterBreakersAlone(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		outer := breaker(t, s, api.BreakerConfig{})
		inner, err := s.Breaker("inner", api.BreakerConfig{})
		require.NoError(t, err)
		require.NoError(t, outer.Run(context.Background(), func(ctx context.Context) error {
			requireTimeout(t, api.Run(ctx, api.Compose(api.Timeout(time.Second), inner), deaf(t, time.Minute)))
			return nil // it handles the timeout itself
		}))
		require.Equal(t, api.BreakerStats{Name: "api", Successes: 1}, stats(t, outer))
		require.EqualValues(t, 1, stats(t, inner).Failures)
	})
}

// Promise (Timeout): runtime.Goexit under a timeout is a failure.
func TestGoexitUnderATimeoutIsAFailureOfTheBreaker(t *testing.T) {
	for _, order := range []string{"breaker inside", "breaker outside"} {
		t.Run(order, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
				p := api.Compose(api.Timeout(time.Second), b)
				if order == "breaker outside" {
					p = api.Compose(b, api.Timeout(time.Second))
				}
				require.Error(t, api.Run(context.Background(), p, func(context.Context) error { runtime.Goexit(); return nil }))
				play(t, b, "OPEN")
				require.EqualValues(t, 1, stats(t, b).Failures)
			})
		})
	}
}

// Promise (Timeout): What a TimeoutError unwraps to is neither Expected nor Excluded: for breakers it is a failure.
func TestAnExpectedErrorAfterTheLimitIsAFailure(t *testing.T) {
	errNoRows := errors.New("no rows")
	late := func(ctx context.Context) error { time.Sleep(time.Minute); return errNoRows }
	again := func(ctx context.Context) error { // the Timeout fires in the second attempt
		if api.Attempt(ctx) == 1 {
			return errNoRows
		}
		<-ctx.Done()
		return ctx.Err()
	}
	bubble(t, func(t *testing.T, s *api.System) {
		r, err := s.Retry("api", api.RetryConfig{InitialDelay: 1})
		require.NoError(t, err)
		for name, cfg := range map[string]api.BreakerConfig{
			"expected": {FailureThreshold: 1, Expected: []error{nil, errNoRows}},
			"excluded": {FailureThreshold: 1, Excluded: []error{nil, errNoRows}},
		} {
			b, err := s.Breaker(name, cfg)
			require.NoError(t, err)
			hard, cooperative := api.Timeout(time.Second), api.Cooperative(api.Timeout(time.Second))
			for _, p := range []api.Policy{api.Compose(hard, b), api.Compose(b, cooperative)} {
				requireTimeout(t, api.Run(context.Background(), p, late))
				require.Equal(t, api.Open, b.State(), name)
				require.NoError(t, b.Reset())
			}
			for _, p := range []api.Policy{api.Compose(b, hard, r), api.Compose(b, cooperative, r)} {
				err := api.Run(context.Background(), p, again)
				requireTimeout(t, err)
				require.ErrorIs(t, err, errNoRows, "it is still found")
				require.Equal(t, api.Open, b.State(), name)
				require.NoError(t, b.Reset())
			}
		}
		timeouts, err := s.Breaker("timeouts", api.BreakerConfig{FailureThreshold: 1, Excluded: []error{api.ErrTimeout}})
		require.NoError(t, err)
		requireTimeout(t, api.Run(context.Background(), api.Compose(timeouts, api.Timeout(time.Second)), late))
		require.Equal(t, api.Closed, timeouts.State(), "the TimeoutError itself may be excluded")
		time.Sleep(time.Hour) // all functions have returned
	})
}
