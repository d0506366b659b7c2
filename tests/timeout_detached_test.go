package tests

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Timeout): A call whose ctx outlives the timeout is outside of it: it counts for itself.
func TestDetachedWorkThatBeginsAfterTheTimeoutCounts(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		for _, p := range []api.Policy{b, api.Timeout(time.Second), api.Compose(api.Timeout(time.Second), b)} {
			for name, leave := range map[string]bool{"the call has returned": false, "its caller has left": true} {
				var work sync.WaitGroup
				ctx, cancel := context.WithCancel(context.Background())
				_ = api.Run(ctx, api.Timeout(time.Hour), func(ctx context.Context) error {
					sooner, stop := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
					work.Go(func() {
						defer stop()
						time.Sleep(time.Second)
						require.NoError(t, api.Run(sooner, p, succeed), name)
						require.Equal(t, errBoom, api.Run(sooner, p, fail), name)
					})
					if leave {
						cancel()
						<-ctx.Done()
					}
					return nil
				})
				cancel()
				work.Wait()
			}
		}
		require.EqualValues(t, 4, stats(t, b).Successes)
		require.EqualValues(t, 4, stats(t, b).Failures)
	})
}

// Promise (Timeout): A call whose ctx outlives the timeout is outside of it: it counts for itself.
func TestWorkThatOutlivesTheTimeoutIsOutside(t *testing.T) {
	for name, detach := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"no deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithoutCancel(ctx), func() {}
		},
		"a later deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.WithoutCancel(ctx), time.Hour)
		},
		"its own Timeout": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithCancel(context.WithoutCancel(ctx))
		},
	} {
		bubble(t, func(t *testing.T, s *api.System) {
			b := breaker(t, s, api.BreakerConfig{})
			var work sync.WaitGroup
			requireTimeout(t, api.Run(context.Background(), api.Timeout(time.Second), func(ctx context.Context) error {
				outside, cancel := detach(ctx)
				for _, result := range []error{nil, errBoom} {
					work.Go(func() {
						_ = api.Run(outside, api.Compose(api.Timeout(time.Hour), b), func(context.Context) error {
							time.Sleep(time.Minute)
							return result
						})
					})
				}
				work.Go(func() { _ = b.Run(outside, func(context.Context) error { time.Sleep(time.Minute); return nil }) })
				go func() { work.Wait(); cancel() }()
				<-ctx.Done()
				return ctx.Err()
			}))
			require.Zero(t, stats(t, b).Failures, "%s: it goes on", name)
			work.Wait()
			require.EqualValues(t, 2, stats(t, b).Successes, name)
			require.EqualValues(t, 1, stats(t, b).Failures, name)
		})
	}
}

// Promise (Timeout): A call whose ctx ends no later than the timeout is inside, however its ctx was derived.
func TestWorkWithAnEarlierDeadlineIsInside(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		requireTimeout(t, api.Run(context.Background(), api.Timeout(time.Second), func(ctx context.Context) error {
			sooner, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second/2)
			defer cancel()
			return b.Run(sooner, deaf(t, time.Minute))
		}))
		require.EqualValues(t, 1, stats(t, b).Failures)
	})
}

// Promise (Timeout): Calls that an inner Timeout has left running are inside the outer one.
func TestCallsLeftRunningByAnInnerTimeoutAreInsideTheOuterOne(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		requireTimeout(t, api.Run(context.Background(), api.Timeout(time.Second), func(ctx context.Context) error {
			require.NoError(t, api.Run(ctx, api.Timeout(time.Second/2), func(ctx context.Context) error {
				go func() { _ = b.Run(ctx, deaf(t, time.Minute)) }() // ends after a minute
				time.Sleep(time.Millisecond)
				return nil
			}))
			return deaf(t, time.Minute)(ctx)
		}))
		require.EqualValues(t, 1, stats(t, b).Failures)
		time.Sleep(time.Hour)
		st := stats(t, b)
		require.EqualValues(t, 1, st.Failures+st.Successes+st.Ignored+st.Late, "once")
	})
}
