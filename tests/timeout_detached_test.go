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
