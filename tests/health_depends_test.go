package tests

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// tower registers invoices, which depends on orders, which depends on database,
// and cache, which depends on nothing. It returns a switch that makes database
// fail, and the number of runs of invoices.
func tower(t *testing.T, h *api.Health) (down *atomic.Bool, runs *atomic.Int32) {
	down, runs = new(atomic.Bool), new(atomic.Int32)
	require.NoError(t, h.Register("database", api.CheckConfig{}, func(context.Context) (api.Details, error) {
		if down.Load() {
			return nil, errBoom
		}
		return nil, nil
	}))
	needsIt := func(context.Context) (api.Details, error) {
		runs.Add(1)
		if down.Load() {
			return nil, errBoom
		}
		return nil, nil
	}
	require.NoError(t, h.Register("orders", api.CheckConfig{DependsOn: []string{"database"}}, needsIt))
	require.NoError(t, h.Register("invoices", api.CheckConfig{DependsOn: []string{"orders", "database"}}, needsIt))
	require.NoError(t, h.Register("cache", api.CheckConfig{}, api.Ping(succeed)))
	synctest.Wait()
	return down, runs
}

func statuses(all api.SystemHealth) (list []string) {
	for _, c := range all.Checks {
		list = append(list, fmt.Sprint(c.Name, " ", c.Status, " ", c.Message))
	}
	return list
}

// Promise (Health): A check does not run while one that it depends on is UNHEALTHY. It reads blocked, and names the root cause.
func TestHealthDependants(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := s.Health()
		down, runs := tower(t, h)
		require.Equal(t, api.Healthy, h.Snapshot().Status)
		require.Empty(t, h.Snapshot().RootCauses)
		down.Store(true)
		h.Run(t.Context(), "database")
		blocked := []string{"cache HEALTHY ", "database UNHEALTHY boom", "invoices UNKNOWN blocked by database", "orders UNKNOWN blocked by database"}
		require.Equal(t, blocked, statuses(h.Snapshot()))
		require.Equal(t, []string{"database"}, h.Snapshot().RootCauses)
		require.Equal(t, api.Unhealthy, h.Snapshot().Status)

		before := runs.Load()
		time.Sleep(5 * time.Minute)
		require.Equal(t, before, runs.Load(), "blocked checks are not run")
		require.Equal(t, blocked, statuses(h.Snapshot()))
		require.Equal(t, "blocked by database", h.Run(t.Context(), "invoices").Message)
		require.Equal(t, blocked, statuses(h.RunAll(t.Context())))

		down.Store(false)
		h.Run(t.Context(), "database")
		time.Sleep(1100 * time.Millisecond)
		require.Equal(t, []string{"cache HEALTHY ", "database HEALTHY ", "invoices HEALTHY ", "orders HEALTHY "}, statuses(h.Snapshot()),
			"dependants run again within a second")
	})
}

// Promise (Health): A check does not run while one that it depends on is UNHEALTHY. It reads blocked, and names the root cause.
func TestHealthRunAllSeesRootCausesAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := s.Health()
		down, _ := tower(t, h)
		down.Store(true)
		all := h.RunAll(t.Context())
		require.Equal(t, []string{"database"}, all.RootCauses)
		require.Equal(t, "invoices UNKNOWN blocked by database", statuses(all)[2])
		down.Store(false)
		require.Equal(t, "invoices HEALTHY ", statuses(h.RunAll(t.Context()))[2], "the database is run first")
		require.Equal(t, api.Healthy, h.Run(t.Context(), "orders").Status)
	})
}

// Promise (Health): A check does not run while one that it depends on is UNHEALTHY. It reads blocked, and names the root cause.
func TestHealthCheckThatIsBlockedFromTheStart(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := s.Health()
		down := true
		require.NoError(t, h.Register("database", api.CheckConfig{Interval: api.OnDemand}, api.Bool(func(context.Context) bool { return !down })))
		synctest.Wait()
		require.NoError(t, h.Register("orders", api.CheckConfig{Interval: api.OnDemand, DependsOn: []string{"database"}}, api.Ping(succeed)))
		synctest.Wait()
		require.Equal(t, "blocked by database", h.Snapshot().Checks[1].Message)
		down = false
		require.Equal(t, api.Healthy, h.Run(t.Context(), "orders").Status)
	})
}

// Promise (Health): A cycle or an unknown name in DependsOn is a *ConfigError.
func TestHealthDependsOnIsValidated(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := s.Health()
		tower(t, h)
		for _, err := range []error{
			h.Register("x", api.CheckConfig{DependsOn: []string{"x"}}, api.Ping(succeed)),
			h.Register("x", api.CheckConfig{DependsOn: []string{"cache", "nobody"}}, api.Ping(succeed)),
			h.Register("x", api.CheckConfig{DependsOn: []string{""}}, api.Ping(succeed)),
			h.Deregister("database"),
		} {
			var bad *api.ConfigError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, "DependsOn", bad.Field)
		}
		for _, name := range []string{"invoices", "orders", "database"} {
			require.NoError(t, h.Deregister(name), "from the top")
		}
	})
}
