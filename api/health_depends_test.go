package api

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// tower registers database <- orders <- invoices, and cache beside them, and
// returns a switch for the database and what counts the runs of invoices.
func tower(t *testing.T, h *Health) (down *atomic.Bool, runs *atomic.Int32) {
	down, runs = new(atomic.Bool), new(atomic.Int32)
	require.NoError(t, h.Register("database", CheckConfig{}, func(context.Context) (Details, error) {
		if down.Load() {
			return nil, errors.New("refused")
		}
		return nil, nil
	}))
	needsIt := func(context.Context) (Details, error) {
		runs.Add(1)
		if down.Load() {
			return nil, errors.New("no connection")
		}
		return nil, nil
	}
	require.NoError(t, h.Register("orders", CheckConfig{DependsOn: []string{"database"}}, needsIt))
	require.NoError(t, h.Register("invoices", CheckConfig{DependsOn: []string{"orders", "database"}}, needsIt))
	require.NoError(t, h.Register("cache", CheckConfig{}, fine))
	synctest.Wait()
	return down, runs
}

func statuses(all SystemHealth) (list []string) {
	for _, c := range all.Checks {
		list = append(list, fmt.Sprint(c.Name, " ", c.Status, " ", c.Message))
	}
	return list
}

// Promise (Health): A check does not run while one that it depends on is UNHEALTHY. It reads blocked, and names the root cause.
func TestHealthDependants(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		down, runs := tower(t, h)
		require.Equal(t, Healthy, h.Snapshot().Status)
		require.Empty(t, h.Snapshot().RootCauses)
		down.Store(true)
		h.Run(t.Context(), "database")
		blocked := []string{"cache HEALTHY ", "database UNHEALTHY refused", "invoices UNKNOWN blocked by database", "orders UNKNOWN blocked by database"}
		require.Equal(t, blocked, statuses(h.Snapshot()))
		require.Equal(t, []string{"database"}, h.Snapshot().RootCauses)
		require.Equal(t, Unhealthy, h.Snapshot().Status)

		before := runs.Load()
		time.Sleep(5 * time.Minute)
		require.Equal(t, before, runs.Load(), "blocked checks are not run")
		require.Equal(t, blocked, statuses(h.Snapshot()))
		require.Equal(t, "blocked by database", h.Run(t.Context(), "invoices").Message)
		require.Equal(t, blocked, statuses(h.RunAll(t.Context())))

		_, _, body := get(h.Handler(), "GET", "/readyz")
		require.Equal(t, "root cause: database\n[+]cache ok\n[-]database failed: reason withheld\n"+
			"[-]invoices failed: blocked by database\n[-]orders failed: blocked by database\nreadyz check failed\n", body)
		_, _, body = get(h.Handler(), "GET", "/health")
		require.Contains(t, body, `"root_causes":["database"]`)

		down.Store(false)
		h.Run(t.Context(), "database")
		time.Sleep(1100 * time.Millisecond)
		require.Equal(t, []string{"cache HEALTHY ", "database HEALTHY ", "invoices HEALTHY ", "orders HEALTHY "}, statuses(h.Snapshot()),
			"dependants run again within a second")
	})
}

// Promise (Health): A check does not run while one that it depends on is UNHEALTHY. It reads blocked, and names the root cause.
func TestHealthRunAllSeesRootCausesAtOnce(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		down, _ := tower(t, h)
		down.Store(true)
		all := h.RunAll(t.Context())
		require.Equal(t, []string{"database"}, all.RootCauses)
		require.Equal(t, "invoices UNKNOWN blocked by database", statuses(all)[2])
		down.Store(false)
		require.Equal(t, "invoices HEALTHY ", statuses(h.RunAll(t.Context()))[2], "the database is run first")
		require.Equal(t, Healthy, h.Run(t.Context(), "orders").Status)
	})
}

// Promise (Health): A check does not run while one that it depends on is UNHEALTHY. It reads blocked, and names the root cause.
func TestHealthCheckThatIsBlockedFromTheStart(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		down := true
		require.NoError(t, h.Register("database", CheckConfig{Interval: OnDemand}, Bool(func(context.Context) bool { return !down })))
		synctest.Wait()
		require.NoError(t, h.Register("orders", CheckConfig{Interval: OnDemand, DependsOn: []string{"database"}}, fine))
		synctest.Wait()
		require.Equal(t, "blocked by database", h.Snapshot().Checks[1].Message)
		code, _, _ := get(h.Handler(), "GET", "/startupz")
		require.Equal(t, 200, code, "a database that is down restarts no pod")
		down = false
		require.Equal(t, Healthy, h.Run(t.Context(), "orders").Status)
	})
}

// Promise (Health): A cycle or an unknown name in DependsOn is a *ConfigError.
func TestHealthDependsOnIsValidated(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		tower(t, h)
		for _, err := range []error{
			h.Register("x", CheckConfig{DependsOn: []string{"x"}}, fine),
			h.Register("x", CheckConfig{DependsOn: []string{"cache", "nobody"}}, fine),
			h.Register("x", CheckConfig{DependsOn: []string{""}}, fine),
			h.Deregister("database"),
		} {
			var bad *ConfigError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, "DependsOn", bad.Field)
		}
		for _, name := range []string{"invoices", "orders", "database"} {
			require.NoError(t, h.Deregister(name), "from the top")
		}
	})
}
