package tests

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

var onDemand = api.CheckConfig{Interval: api.OnDemand}

func register(t *testing.T, s *api.System, name string, cfg api.CheckConfig, check api.Check) *api.Health {
	t.Helper()
	require.NoError(t, s.Health().Register(name, cfg, check))
	return s.Health()
}

// last waits until the bubble is idle and returns the last result of a check.
func last(t *testing.T, s *api.System, name string) api.CheckResult {
	t.Helper()
	synctest.Wait()
	for _, c := range s.Health().Snapshot().Checks {
		if c.Name == name {
			return c
		}
	}
	require.Failf(t, "no such check", "%q", name)
	return api.CheckResult{}
}

// sick is a check that fails while it is set to.
type sick struct {
	failing atomic.Bool
	runs    atomic.Int32
}

func (s *sick) check(context.Context) (api.Details, error) {
	s.runs.Add(1)
	if s.failing.Load() {
		return nil, errBoom
	}
	return nil, nil
}

// Promise (Health): A result carries the name, latency, details and time of the run.
func TestAResultCarriesFacts(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "cache", onDemand, func(ctx context.Context) (api.Details, error) {
			deadline, _ := ctx.Deadline()
			if time.Until(deadline) != 10*time.Second {
				return nil, errors.New("no deadline")
			}
			time.Sleep(15 * time.Millisecond)
			return api.Details{"connections": 42}, nil
		})
		time.Sleep(time.Hour)
		got := last(t, s, "cache")
		require.Equal(t, "cache", got.Name)
		require.Equal(t, 15*time.Millisecond, got.Latency)
		require.Equal(t, api.Details{"connections": 42}, got.Details)
		require.Equal(t, time.Hour-15*time.Millisecond, time.Since(got.Timestamp))
	})
}

// Promise (Health): Snapshot returns results sorted by name, of one group if asked, and runs nothing.
func TestASnapshotIsSortedAndRunsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var c sick
		for _, name := range []string{"c", "a", "b"} {
			register(t, s, name, onDemand, c.check)
		}
		synctest.Wait()
		time.Sleep(3 * time.Second)
		snap := s.Health().Snapshot()
		require.Equal(t, []string{"a", "b", "c"}, []string{snap.Checks[0].Name, snap.Checks[1].Name, snap.Checks[2].Name})
		require.EqualValues(t, 3, c.runs.Load())
		require.Equal(t, "unknown", snap.Version)
		require.Equal(t, 3*time.Second, snap.Uptime)
		require.True(t, snap.Timestamp.Equal(time.Now()))
	})
}

// Promise (Health): Snapshot returns results sorted by name, of one group if asked, and runs nothing.
func TestGroups(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		require.Equal(t, []string{"live", "ready"}, s.Health().Groups(), "they are always there")
		h := register(t, s, "default", onDemand, api.Ping(succeed))
		register(t, s, "live", api.CheckConfig{Interval: api.OnDemand, Groups: []string{"live"}}, api.Ping(fail))
		register(t, s, "both", api.CheckConfig{Interval: api.OnDemand, Groups: []string{"live", "ready", "storage"}}, api.Ping(succeed))
		names := func(groups ...string) (out []string) {
			for _, c := range h.Snapshot(groups...).Checks {
				out = append(out, c.Name)
			}
			return out
		}
		synctest.Wait()
		require.Equal(t, []string{"both", "default", "live"}, names())
		require.Equal(t, []string{"both", "default"}, names("ready"))
		require.Equal(t, []string{"both", "live"}, names("live"))
		require.Equal(t, []string{"both", "default", "live"}, names("live", "ready"))
		require.Equal(t, []string{"both"}, names("storage"))
		require.Empty(t, names("other"))
		require.Equal(t, []string{"live", "ready", "storage"}, h.Groups())
		for _, row := range []struct {
			groups []string
			want   api.Status
		}{
			{nil, api.Unhealthy}, {[]string{"ready"}, api.Healthy}, {[]string{"live"}, api.Unhealthy},
			{[]string{"live", "storage"}, api.Unhealthy}, {[]string{"storage", "other"}, api.Healthy}, {[]string{"other"}, api.Healthy},
		} {
			require.Equal(t, row.want, h.Snapshot(row.groups...).Status, "%v", row.groups)
			require.Equal(t, row.want, h.Status(row.groups...), "%v", row.groups)
		}
	})
}

// Promise (Health): Run and RunAll return fresh results. RunAll runs all checks at once, each within its timeout.
func TestRunAsksOneCheck(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var c sick
		h := register(t, s, "db", onDemand, c.check)
		synctest.Wait()
		c.failing.Store(true)
		require.Equal(t, api.Healthy, last(t, s, "db").Status, "not asked yet")
		require.Equal(t, api.Unhealthy, h.Run(context.Background(), "db").Status)
		require.Equal(t, api.Unhealthy, last(t, s, "db").Status)
		require.EqualValues(t, 2, c.runs.Load())

		missing := h.Run(context.Background(), "x")
		require.Equal(t, "x", missing.Name)
		require.Equal(t, api.Unknown, missing.Status)
		require.Equal(t, "Check 'x' not found", missing.Message)
	})
}

// Promise (Health): Run and RunAll return fresh results. RunAll runs all checks at once, each within its timeout.
func TestRunAllRunsAllAtOnceEachWithinItsTimeout(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			register(t, s, name, onDemand, api.Ping(deaf(t, 300*time.Millisecond)))
		}
		hung := api.CheckConfig{Interval: api.OnDemand, Timeout: time.Second}
		h := register(t, s, "hung", hung, api.Ping(polite))
		time.Sleep(time.Minute)
		var all api.SystemHealth
		require.Equal(t, time.Second, took(func() { all = h.RunAll(context.Background()) }))
		require.Len(t, all.Checks, 9)
		require.Equal(t, api.Unhealthy, all.Status)
		require.Equal(t, "h", all.Checks[7].Name)
		require.Equal(t, api.Healthy, all.Checks[7].Status)
		require.NoError(t, h.Deregister("hung"))
		require.Equal(t, 300*time.Millisecond, took(func() { all = h.RunAll(context.Background()) }))
		require.Equal(t, api.Healthy, all.Status)
	})
}

// Promise (Health): A check first runs in Register, then in the background with jitter, or on demand.
func TestACheckRunsInTheBackground(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var mu sync.Mutex
		var at []time.Time
		register(t, s, "db", api.CheckConfig{}, func(context.Context) (api.Details, error) {
			mu.Lock()
			defer mu.Unlock()
			at = append(at, time.Now())
			return nil, nil
		})
		begin := time.Now()
		time.Sleep(1000 * time.Second)
		mu.Lock()
		defer mu.Unlock()
		require.Zero(t, at[0].Sub(begin), "the first run starts in Register")
		require.InDelta(t, 100, len(at), 12)
		distinct := map[time.Duration]bool{}
		for i, next := range at[1:] {
			gap := next.Sub(at[i])
			require.GreaterOrEqual(t, gap, 9*time.Second)
			require.LessOrEqual(t, gap, 11*time.Second)
			distinct[gap] = true
		}
		require.Greater(t, len(distinct), 10, "jittered")
	})
}

// Promise (Health): A check first runs in Register, then in the background with jitter, or on demand.
func TestAnOnDemandCheckRunsOnceInRegisterAndThenWhenAsked(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var c sick
		h := register(t, s, "db", onDemand, c.check)
		time.Sleep(1000 * time.Hour)
		require.EqualValues(t, 1, c.runs.Load())
		h.RunAll(context.Background())
		require.EqualValues(t, 2, c.runs.Load())
	})
}

// Promise (Health): Deregister forgets a check and frees its name.
func TestDeregisterForgetsACheck(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var c sick
		h := register(t, s, "db", api.CheckConfig{}, c.check)
		synctest.Wait()
		require.NoError(t, h.Deregister("db"))
		time.Sleep(time.Hour)
		require.EqualValues(t, 1, c.runs.Load())
		require.Empty(t, h.Snapshot().Checks)
		require.Equal(t, "Check 'db' not found", h.Run(context.Background(), "db").Message)
		register(t, s, "db", api.CheckConfig{}, c.check) // the name is free again
		require.Error(t, h.Deregister("never registered"))
	})
}
