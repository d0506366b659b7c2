package tests

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Concurrency and cost): When a call returns, its outcome has been counted, even if its context has ended.
func TestAFailingCallsConsequenceIsVisibleToTheVeryNextCall(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		for range 1000 {
			require.ErrorIs(t, b.Run(context.Background(), fail), errBoom)
			require.Equal(t, api.Open, b.State())
			require.ErrorIs(t, b.Run(context.Background(), succeed), api.ErrCircuitOpen)
			require.NoError(t, b.Reset())
			require.NoError(t, b.Run(context.Background(), succeed))
		}
	})
}

// Promise (Concurrency and cost): When a call returns, its outcome has been counted, even if its context has ended.
func TestAFailureIsCountedThoughTheCallersContextHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		require.ErrorIs(t, b.Run(ctx, polite), context.DeadlineExceeded)
		play(t, b, "OPEN x")
	})
}

// Promise (Concurrency and cost): No success is lost or counted twice under concurrency.
func TestManySuccessesEndOneStreak(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		play(t, b, "f")
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				for range 1000 {
					assert.NoError(t, b.Run(context.Background(), succeed))
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 10_000, stats(t, b).Successes)
		play(t, b, "f CLOSED f OPEN")
	})
}

// Promise (Concurrency and cost): The limit on trials holds under a hundred goroutines.
func TestTheHalfOpenCapHoldsUnderAHundredGoroutines(t *testing.T) {
	for _, limit := range []int{1, 3, 20} {
		bubble(t, func(t *testing.T, s *api.System) {
			b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, HalfOpenMaxCalls: limit})
			play(t, b, "f 60s HALF_OPEN")
			var admitted, refused atomic.Int32
			var wg sync.WaitGroup
			for range 100 {
				wg.Go(func() {
					err := b.Run(context.Background(), func(context.Context) error {
						admitted.Add(1)
						time.Sleep(time.Second) // all arrive before the first call ends
						return nil
					})
					if errors.Is(err, api.ErrCircuitOpen) {
						refused.Add(1)
					}
				})
			}
			synctest.Wait()
			require.EqualValues(t, limit, admitted.Load())
			require.EqualValues(t, 100-limit, refused.Load())
			wg.Wait()
			play(t, b, "CLOSED")
		})
	}
}

// Promise (Concurrency and cost): The limit on trials holds under a hundred goroutines.
func TestTheCapHoldsWhileIgnoredTrialsGiveTheirPermitsBack(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f 60s")
		var now, peak atomic.Int32
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				b.Run(context.Background(), func(context.Context) error {
					n := now.Add(1)
					defer now.Add(-1)
					for m := peak.Load(); n > m && !peak.CompareAndSwap(m, n); m = peak.Load() {
					}
					time.Sleep(7 * time.Millisecond)
					return context.Canceled
				})
			})
		}
		wg.Wait()
		require.EqualValues(t, 3, peak.Load())
		require.Equal(t, api.HalfOpen, b.State())
		require.Zero(t, stats(t, b).Trials)
	})
}

// Promise (Circuit breaker): Stats are consistent, and account for every call.
// Promise (Concurrency and cost): No success is lost or counted twice under concurrency.
func TestTotalsAddUpWhateverHappens(t *testing.T) {
	for seed := range uint64(10) {
		bubble(t, func(t *testing.T, s *api.System) {
			b := breaker(t, s, api.BreakerConfig{
				FailureThreshold: 4, HalfOpenMaxCalls: 2, ResetTimeout: 20 * time.Millisecond,
				FailureRate: 0.6, Window: api.TimeWindow(100 * time.Millisecond), MinimumCalls: 10,
			})
			var admitted, refused, panicked atomic.Uint64
			var wg sync.WaitGroup
			for g := range uint64(16) {
				rnd := rand.New(rand.NewPCG(seed, g))
				wg.Go(func() {
					for range 200 {
						randomCall(b, rnd, &admitted, &refused, &panicked)
					}
				})
			}
			wg.Wait()
			time.Sleep(time.Second) // trials that were not reported time out
			st := stats(t, b)
			require.Equal(t, refused.Load(), st.Rejected, "seed %d", seed)
			require.Equal(t, admitted.Load(), st.Successes+st.Failures+st.Ignored+st.Late, "seed %d", seed)
			require.Zero(t, st.Trials)
			require.NotZero(t, st.Opened)
		})
	}
}

// randomCall makes one call, which ends in a random way, or controls the breaker.
func randomCall(b *api.Breaker, rnd *rand.Rand, admitted, refused, panicked *atomic.Uint64) {
	what, pause := rnd.IntN(100), time.Duration(rnd.IntN(5))*time.Millisecond
	switch what {
	case 0:
		b.Reset()
		return
	case 1:
		b.Disable()
		return
	}
	defer func() {
		if recover() != nil {
			panicked.Add(1)
		}
	}()
	err := b.Run(context.Background(), func(context.Context) error {
		admitted.Add(1)
		time.Sleep(pause)
		switch {
		case what < 10:
			panic("kaboom")
		case what < 20:
			return context.Canceled
		case what < 60:
			return errBoom
		}
		return nil
	})
	if errors.Is(err, api.ErrCircuitOpen) {
		refused.Add(1)
	}
}

// Promise (Concurrency and cost): A name is one breaker, however many goroutines ask for it first.
func TestOneNameAskedForByManyIsOneBreaker(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var first atomic.Pointer[api.Breaker]
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() {
				b, err := s.Breaker("api", api.BreakerConfig{})
				assert.NoError(t, err)
				first.CompareAndSwap(nil, b)
				assert.Same(t, first.Load(), b)
				b.Run(context.Background(), fail)
			})
		}
		wg.Wait()
		st := stats(t, first.Load())
		require.EqualValues(t, 100, st.Failures+st.Late+st.Rejected)
		require.EqualValues(t, 1, st.Opened)
	})
}
