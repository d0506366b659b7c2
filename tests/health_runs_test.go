package tests

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health): A check has one run in flight, and callers share it. A caller that leaves does not cancel it.
func TestWhoAsksMeanwhileJoinsTheRunInFlight(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs, atOnce, peak atomic.Int32
		h := register(t, s, "db", onDemand, func(context.Context) (api.Details, error) {
			runs.Add(1)
			peak.Store(max(peak.Load(), atOnce.Add(1)))
			defer atOnce.Add(-1)
			time.Sleep(5 * time.Second)
			return nil, nil
		})
		time.Sleep(time.Minute)
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * 40 * time.Millisecond)
				assert.Equal(t, api.Healthy, h.RunAll(context.Background()).Status)
			})
		}
		require.Equal(t, 5*time.Second, took(wg.Wait))
		require.EqualValues(t, 2, runs.Load(), "Register's and one for all")
		require.EqualValues(t, 1, peak.Load())
	})
}

// Promise (Health): A check has one run in flight, and callers share it. A caller that leaves does not cancel it.
func TestACallerThatLeavesDoesNotCancelTheSharedRun(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var slow atomic.Bool
		h := register(t, s, "db", onDemand, func(ctx context.Context) (api.Details, error) {
			if !slow.Load() {
				return api.Details{"n": 1}, nil
			}
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(5 * time.Second):
				return api.Details{"n": 2}, nil
			}
		})
		register(t, s, "quick", onDemand, api.Ping(succeed))
		last(t, s, "db")
		slow.Store(true)

		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		var all api.SystemHealth
		require.Equal(t, time.Second, took(func() { all = h.RunAll(ctx) }))
		require.Equal(t, api.Unknown, all.Checks[0].Status)
		require.Contains(t, all.Checks[0].Message, context.DeadlineExceeded.Error())
		require.Equal(t, api.Healthy, all.Checks[1].Status, "what is known")
		require.Equal(t, api.Unknown, all.Status)

		require.Equal(t, api.Healthy, last(t, s, "db").Status, "in its own answer only")
		time.Sleep(10 * time.Second)
		require.Equal(t, api.Details{"n": 2}, last(t, s, "db").Details, "the run went on")
	})
}

// Promise (Health): A check that outlives its timeout reads UNHEALTHY, says since when, and does not run again until it has returned.
func TestACheckThatOutlivesItsTimeoutIsUnhealthy(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs atomic.Int32
		release := make(chan struct{})
		free := sync.OnceFunc(func() { close(release) })
		defer free()
		stuck := func(context.Context) error { // it ignores its ctx
			runs.Add(1)
			<-release
			return nil
		}
		h := register(t, s, "db", api.CheckConfig{Timeout: 2 * time.Second}, api.Ping(stuck))
		time.Sleep(1999 * time.Millisecond)
		require.Equal(t, api.Unknown, last(t, s, "db").Status)
		time.Sleep(time.Millisecond)
		got := last(t, s, "db")
		require.Equal(t, api.Unhealthy, got.Status)
		require.Contains(t, got.Message, "timed out after 2.0s")

		time.Sleep(58 * time.Second)
		got = last(t, s, "db")
		require.Equal(t, api.Unhealthy, got.Status)
		require.Contains(t, got.Message, "stuck")
		require.Contains(t, got.Message, "for 58.0s", "how long it has been stuck")
		require.EqualValues(t, 1, runs.Load(), "not started again until it returns")
		require.Less(t, took(func() {
			require.Equal(t, api.Unhealthy, h.Run(context.Background(), "db").Status)
		}), 10*time.Second, "asking does not wait for ever")
		require.EqualValues(t, 1, runs.Load())

		free()
		time.Sleep(30 * time.Second)
		require.Greater(t, runs.Load(), int32(1))
		require.Equal(t, api.Healthy, last(t, s, "db").Status)
	})
}

// Promise (Health): A check that outlives its timeout reads UNHEALTHY, says since when, and does not run again until it has returned.
func TestAPoliteCheckTimesOutToo(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "db", api.CheckConfig{Timeout: 2 * time.Second, Interval: api.OnDemand}, api.Ping(polite))
		time.Sleep(2 * time.Second)
		got := last(t, s, "db")
		require.Equal(t, api.Unhealthy, got.Status)
		require.Contains(t, got.Message, "timed out after 2.0s")
	})
}

// Promise (Health): The supervisor restarts a check that panics, with back-off.
func TestASupervisorRestartsACheckThatPanicked(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		tp := record(t, s)
		var well atomic.Bool
		register(t, s, "db", api.CheckConfig{Interval: time.Hour}, func(context.Context) (api.Details, error) {
			if well.Load() {
				return nil, nil
			}
			panic("kaboom")
		})
		got := last(t, s, "db")
		require.Equal(t, api.Unhealthy, got.Status)
		require.Contains(t, got.Message, "panicked: kaboom")
		well.Store(true)
		time.Sleep(200 * time.Millisecond)
		require.Contains(t, last(t, s, "db").Message, "panicked: kaboom", "until the restart has run it again")

		time.Sleep(3 * time.Second)
		got = last(t, s, "db")
		require.Equal(t, api.Healthy, got.Status, "long before its interval is over")
		require.Equal(t, 1, got.Restarts)
		restarted := only[api.CheckRestarted](tp)
		require.Len(t, restarted, 1)
		require.Equal(t, "db", restarted[0].Name)
		require.Equal(t, 1, restarted[0].Restarts)
		require.Contains(t, restarted[0].Reason, "kaboom")
		require.NotEmpty(t, log.sentences(t), "the supervisor logs it")
	})
}

// Promise (Health): The supervisor restarts a check that panics, with back-off.
func TestRestartsOfACheckThatAlwaysPanicsBackOff(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs atomic.Int32
		register(t, s, "db", api.CheckConfig{}, func(context.Context) (api.Details, error) {
			runs.Add(1)
			panic("kaboom")
		})
		time.Sleep(10 * time.Second)
		require.EqualValues(t, 4, runs.Load(), "after about 1, 2 and 4 seconds")
		time.Sleep(time.Hour)
		require.InDelta(t, 70, runs.Load(), 40, "about once a minute in the end")
		require.Equal(t, api.Unhealthy, last(t, s, "db").Status)
		require.Greater(t, last(t, s, "db").Restarts, 5)
	})
}

// Promise (Health): The supervisor restarts a check that panics, with back-off.
func TestAskingForACheckThatPanicsReturns(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var bad atomic.Bool
		h := register(t, s, "db", onDemand, func(context.Context) (api.Details, error) {
			time.Sleep(time.Second)
			if bad.Load() {
				panic("kaboom")
			}
			return nil, nil
		})
		time.Sleep(time.Minute)
		bad.Store(true)
		require.Equal(t, time.Second, took(func() {
			got := h.Run(context.Background(), "db")
			require.Equal(t, api.Unhealthy, got.Status)
			require.Contains(t, got.Message, "panicked: kaboom")
		}))
		synctest.Wait()
	})
}
