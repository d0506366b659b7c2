package tests

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// body is what a call returns to be read later: its ctx, and the release of its hold.
type body struct {
	ctx     context.Context
	release func()
}

func open(ctx context.Context) (body, error) { return body{ctx, api.Hold(ctx)}, nil }

// holders are the Timeouts that a hold must outlive, each of a minute.
func holders(t *testing.T, s *api.System) map[string]api.Policy {
	r, err := s.Retry("api", api.RetryConfig{InitialDelay: 1, MaxAttempts: 3})
	require.NoError(t, err)
	b := breaker(t, s, api.BreakerConfig{})
	hard, cooperative := api.Timeout(time.Minute), api.TimeoutConfig{Limit: time.Minute, Cooperative: true}
	return map[string]api.Policy{
		"hard": hard, "cooperative": cooperative,
		"hard, retry, breaker":        api.Compose(hard, r, b),
		"cooperative, retry, breaker": api.Compose(cooperative, r, b),
		"retry, breaker, hard":        api.Compose(r, b, hard),
		"hard in cooperative in hard": api.Compose(api.Timeout(time.Hour), cooperative, r, hard),
		"through a user's":            api.Compose(hard, api.Around(plainly), r),
	}
}

// Promise (Hold): After a nil error the ctx of the Timeouts around lives on until release, which may be called often.
func TestAHeldCtxLivesUntilRelease(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		for name, p := range holders(t, s) {
			held, err := api.Do(context.Background(), p, open)
			require.NoError(t, err, name)
			time.Sleep(30 * time.Second)
			require.NoError(t, held.ctx.Err(), name)
			select {
			case <-held.ctx.Done():
				t.Errorf("%s: Done is closed", name)
			default:
			}
			held.release()
			require.Equal(t, context.Canceled, held.ctx.Err(), name)
			<-held.ctx.Done()
			held.release()
		}
	})
}

// Promise (Hold): A held ctx ends at the limit, which then counts nowhere, and with the caller's ctx.
func TestAHeldCtxEndsAtTheLimitAndWithItsCaller(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		tape := record(t, s)
		for name, p := range holders(t, s) {
			begin := time.Now()
			held, err := api.Do(context.Background(), p, open)
			require.NoError(t, err, name)
			<-held.ctx.Done()
			require.Equal(t, time.Minute, time.Since(begin), name)
			require.Equal(t, context.DeadlineExceeded, held.ctx.Err(), name)
			held.release()

			ctx, cancel := context.WithCancel(context.Background())
			held, err = api.Do(ctx, p, open)
			require.NoError(t, err, name)
			cancel()
			<-held.ctx.Done()
			require.Equal(t, context.Canceled, held.ctx.Err(), name)
		}
		b, _ := s.LookupBreaker("api")
		require.Zero(t, stats(t, b).Failures)
		require.Empty(t, only[api.TimedOut](tape))
	})
}

// Promise (Hold): What a failed attempt holds is released; a failed call holds nothing.
func TestAFailedAttemptHoldsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		for name, p := range holders(t, s) {
			var all []context.Context
			v, err := api.Do(context.Background(), p, func(ctx context.Context) (body, error) {
				all = append(all, ctx)
				if held, _ := open(ctx); api.Attempt(ctx) > 1 {
					held.release()
				}
				if len(all) == 1 {
					return body{}, errBoom
				}
				return body{}, nil
			})
			_ = v
			if len(all) == 1 {
				require.ErrorIs(t, err, errBoom, name)
			} else {
				require.NoError(t, err, name)
			}
			for _, ctx := range all {
				require.Equal(t, context.Canceled, ctx.Err(), name)
			}
		}
	})
}

// Promise (Hold): Of calls at the same time each holds for itself.
func TestHoldsOfParallelCallsAreIndependent(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r, err := s.Retry("api", api.RetryConfig{MaxAttempts: 1})
		require.NoError(t, err)
		var calls sync.WaitGroup
		held, err := api.Do(context.Background(), api.Timeout(time.Minute), func(ctx context.Context) (body, error) {
			var kept body
			calls.Go(func() { kept, _ = api.Do(ctx, r, open) })
			calls.Go(func() {
				time.Sleep(time.Second)
				_, _ = api.Do(ctx, r, func(ctx context.Context) (body, error) { api.Hold(ctx); return body{}, errBoom })
			})
			calls.Wait()
			return kept, nil
		})
		require.NoError(t, err)
		require.NoError(t, held.ctx.Err(), "the failure of the other call released it")
		held.release()
		require.Error(t, held.ctx.Err())
	})
}

// Promise (Hold): Breakers count the call when it returns.
func TestABreakerCountsAHeldCallWhenItReturns(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		held, err := api.Do(context.Background(), api.Compose(api.Timeout(time.Minute), b), open)
		require.NoError(t, err)
		require.EqualValues(t, 1, stats(t, b).Successes)
		time.Sleep(time.Hour)
		require.EqualValues(t, 1, stats(t, b).Successes)
		held.release()
	})
}

// Promise (Hold): Without a Timeout around it does nothing.
func TestHoldWithoutATimeoutDoesNothing(t *testing.T) {
	release := api.Hold(context.Background())
	release()
	release()
}

// Promise (Hold): A hold leaves no timer, goroutine or entry behind, even inside a Timeout that lives long.
func TestHoldsInsideALongTimeoutLeaveNothingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		require.NoError(t, api.Run(context.Background(), api.Timeout(24*time.Hour), func(ctx context.Context) error {
			for range 100 {
				held, err := api.Do(ctx, api.Timeout(time.Hour), open)
				if err != nil {
					return err
				}
				held.release()
			}
			return nil
		}))
	})
}

// Promise (Timeout): Late receives what the function returned and no caller got, once.
func TestLateReceivesWhatNoCallerGot(t *testing.T) {
	type got struct {
		value any
		err   error
	}
	synctest.Test(t, func(t *testing.T) {
		var outer, inner []got
		keep := func(to *[]got) func(any, error) { return func(v any, err error) { *to = append(*to, got{v, err}) } }
		nested := api.Compose(
			api.TimeoutConfig{Limit: time.Hour, Late: keep(&outer)},
			api.TimeoutConfig{Limit: time.Second, Late: keep(&inner)})
		_, err := api.Do(context.Background(), nested, partial)
		requireTimeout(t, err)
		synctest.Wait()
		require.Equal(t, []got{{"partial", nil}}, inner, "the innermost one")
		require.Empty(t, outer)

		inner = nil
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Millisecond, cancel)
		_, err = api.Do(ctx, nested, func(context.Context) (int, error) { time.Sleep(time.Minute); return 7, errBoom })
		require.ErrorIs(t, err, context.Canceled)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, []got{{7, errBoom}}, inner)

		inner = nil
		requireTimeout(t, api.Run(context.Background(), nested, polite))
		synctest.Wait()
		require.Equal(t, []got{{nil, context.DeadlineExceeded}}, inner, "under Run the value is nil")

		inner = nil
		_, err = api.Do(context.Background(), nested, func(context.Context) (int, error) { return 7, nil })
		require.NoError(t, err)
		_ = api.Run(context.Background(), api.TimeoutConfig{Limit: -1, Late: keep(&inner)}, succeed)
		require.Panics(t, func() {
			_ = api.Run(context.Background(), api.TimeoutConfig{Limit: time.Second, Late: keep(&inner)}, func(context.Context) error { panic("x") })
		})
		synctest.Wait()
		require.Empty(t, inner, "in time, not run, panicked")
		require.Empty(t, outer)

		requireTimeout(t, api.Run(context.Background(), api.TimeoutConfig{Limit: time.Second, Late: func(any, error) { panic("late") }}, polite))
		synctest.Wait()
	})
}

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
