package torture

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// A check that panics in each run is restarted less and less often, in the end
// about once a minute.
//
// Promise (Torture): A check that crashes reads UNHEALTHY and emits an event for each restart. If a crash loses a run, the run is repeated, or the result reads stale.
func TestACheckThatAlwaysPanicsIsLoudAndSlow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		var runs, restarts atomic.Int32
		s.Subscribe(func(e api.Event) {
			if _, ok := e.(api.CheckRestarted); ok {
				restarts.Add(1)
			}
		})
		require.NoError(t, s.Health().Register("sick", api.CheckConfig{Interval: time.Second, UnhealthyAfter: 9}, func(context.Context) (api.Details, error) {
			runs.Add(1)
			panic("a bug")
		}))
		for minute := range 60 {
			before := runs.Load()
			time.Sleep(time.Minute)
			synctest.Wait()
			if made := int(runs.Load() - before); minute == 0 {
				require.LessOrEqual(t, made, 7, "after about 1, 2, 4, 8, 16 and 32 seconds")
			} else {
				require.LessOrEqual(t, made, 2)
			}
			got := s.Health().Snapshot().Checks[0]
			require.Equal(t, api.Unhealthy, got.Status)
			require.Equal(t, "panicked: a bug", got.Message)
			require.EqualValues(t, restarts.Load(), got.Restarts)
			require.Equal(t, runs.Load(), restarts.Load()+1)
			require.Equal(t, api.Unhealthy, s.Health().Run(context.Background(), "sick").Status, "answered at once")
		}
		require.GreaterOrEqual(t, runs.Load(), int32(45), "it is tried for ever")
	})
}
