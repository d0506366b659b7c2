package tests

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (System, events, logs and errors): Shutdown waits for the first run of a check that is registered meanwhile; a check that Register refused has not run.
func TestShutdownWaitsForAFirstRun(t *testing.T) {
	for round := range 100 {
		bubble(t, func(t *testing.T, s *api.System) {
			var running, refusedAndRan atomic.Int32
			var all sync.WaitGroup
			for i := range 8 {
				all.Go(func() {
					var refused, ran atomic.Bool
					err := s.Health().Register(fmt.Sprint(i), api.CheckConfig{}, func(ctx context.Context) (api.Details, error) {
						ran.Store(true)
						running.Add(1)
						defer running.Add(-1)
						<-ctx.Done()
						time.Sleep(time.Second)
						if refused.Load() {
							refusedAndRan.Add(1)
						}
						return nil, nil
					})
					refused.Store(err != nil)
					if err != nil && ran.Load() {
						refusedAndRan.Add(1)
					}
				})
			}
			for range round {
				_, _ = s.LookupBreaker("x") // pass the time
			}
			require.NoError(t, s.Shutdown(context.Background()))
			require.Zero(t, running.Load(), "a run is left")
			all.Wait()
			synctest.Wait()
			require.Zero(t, running.Load(), "a run began after Shutdown")
			require.Zero(t, refusedAndRan.Load())
		})
	}
}
