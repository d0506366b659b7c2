package tests

import (
	"context"
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
