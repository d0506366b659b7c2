package http_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health over HTTP and gRPC): Every format shows the age of a result. A result that was not renewed in time reads UNKNOWN.
func TestHealthEveryFormatTellsTheAge(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "db", onDemand, fine)
		slow := func(context.Context) (api.Details, error) { time.Sleep(90 * time.Second); return nil, nil }
		register(t, s, "slow", api.CheckConfig{Interval: api.OnDemand, Timeout: time.Hour}, slow)
		time.Sleep(42500 * time.Millisecond)
		handler := s.Health().Handler()
		require.Equal(t, 42500*time.Millisecond, s.Health().Snapshot().Checks[0].Age)
		body := get(handler, "/health", asJSON).body
		require.Contains(t, body, `"details":{},"age_seconds":42},{"name":"slow"`)
		require.Contains(t, body, `"details":{}}]`, "no result, no age")
		require.Contains(t, get(handler, "/health", asIETF).body, `"time":"2000-01-01T00:00:00Z","observedValue":0,"observedUnit":"ms","ageSeconds":42}`)
		require.Contains(t, get(handler, "/health", asText).body, "[+]db ok (42s ago)\n[-]slow failed: reason withheld\n")
		require.Contains(t, get(handler, "/readyz", asText).body, "[+]db ok\n", "the words of Kubernetes, and no others")
		require.Contains(t, get(handler, "/health", asPrometheus).body, "understudy_check_age_seconds{check=\"db\"} 42\n")
		time.Sleep(time.Second)
		require.Contains(t, get(handler, "/health", asJSON).body, `"age_seconds":43}`)
	})
}

// Promise (Health over HTTP and gRPC): The endpoints agree with Snapshot: at once on a new result, within a second on what time alone changes.
func TestWhatTimeAloneChangesIsShownFromTheNextSecondOn(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		let := make(chan struct{})
		hangs := func(context.Context) (api.Details, error) { <-let; return nil, nil }
		register(t, s, "db", api.CheckConfig{Interval: api.OnDemand, Timeout: 1200 * time.Millisecond}, hangs)
		handler := with(t, s, api.HandlerConfig{ShowDetails: api.Always})
		text := func(path string) string { return get(handler, path, asText).body }
		stuck := func(forSeconds string) string {
			return "[-]db failed: timed out after 1.2s, stuck for " + forSeconds + "s\nreadyz check failed\n"
		}
		time.Sleep(1300 * time.Millisecond)
		for range 7 { // from 1.3 s to 1.9 s
			require.Equal(t, stuck("0.1"), text("/readyz"))
			time.Sleep(100 * time.Millisecond)
		}
		require.Equal(t, stuck("0.8"), text("/readyz"))
		time.Sleep(300 * time.Millisecond)
		require.Equal(t, stuck("0.8"), text("/readyz"))
		require.Equal(t, stuck("0.8"), text("/readyz?exclude=nobody"))
		require.Equal(t, stuck("1.1"), text("/readyz/db"))
		require.Contains(t, s.Health().Snapshot().Checks[0].Message, "stuck for 1.1s")
		close(let)
		synctest.Wait()
		require.Equal(t, api.Healthy, s.Health().Run(t.Context(), "db").Status)
		require.Equal(t, "ok", text("/readyz"), "a new result")
	})
}

// One check holds the only slot for an hour. The others are not run, and must read
// UNKNOWN.
//
// Promise (Health over HTTP and gRPC): Every format shows the age of a result. A result that was not renewed in time reads UNKNOWN.
func TestHealthDoesNotBelieveWhatNobodyRenewed(t *testing.T) {
	bubbleWith(t, api.SystemConfig{ChecksAtOnce: 1}, func(t *testing.T, s *api.System) {
		h := s.Health()
		var block atomic.Bool
		let := make(chan struct{})
		register(t, s, "db", api.CheckConfig{}, fine)
		register(t, s, "hog", api.CheckConfig{Interval: 20 * time.Second, Timeout: time.Hour}, func(context.Context) (api.Details, error) {
			if block.Load() {
				<-let
			}
			return nil, nil
		})
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, 200, get(h.Handler(), "/readyz?verbose").code)
		block.Store(true)
		time.Sleep(50 * time.Second)
		synctest.Wait()
		got := get(h.Handler(), "/readyz?verbose")
		require.Equal(t, 503, got.code)
		require.Equal(t, "[-]db failed: reason withheld\n[+]hog ok\nreadyz check failed\n", got.body)
		db := h.Snapshot().Checks[0]
		require.Equal(t, api.Unknown, db.Status)
		require.Regexp(t, "^stale since 2000-01-01T00:01:", db.Message)
		require.Equal(t, api.Unknown, h.Status("ready"))
		close(let)
		synctest.Wait()
		require.Equal(t, 200, get(h.Handler(), "/readyz?verbose").code, "it was next in line")
	})
}

// Promise (Health): A result holds the last changes of the status, how long each lasted, and whether the check flaps.
func TestTheEndpointsShowFlapping(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs atomic.Int32
		even := func(context.Context) bool { return runs.Add(1)%2 == 0 }
		register(t, s, "db", api.CheckConfig{}, api.Bool(even))
		time.Sleep(15 * time.Second)
		require.NotContains(t, get(s.Health().Handler(), "/health").body, "flapping")
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Contains(t, get(s.Health().Handler(), "/health").body, `"flapping":true`)
		require.Contains(t, get(s.Health().Handler(), "/readyz?verbose").body, " (flapping)\n")
		require.Contains(t, get(s.Health().Handler(), "/health", asPrometheus).body, "understudy_check_flapping{check=\"db\"} 1\n")
	})
}

// Promise (Health): A check does not run while one that it depends on is UNHEALTHY. It reads blocked, and names the root cause.
func TestRootCausesAreNamedFirst(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "cache", onDemand, fine)
		register(t, s, "database", onDemand, failing("refused"))
		register(t, s, "orders", api.CheckConfig{Interval: api.OnDemand, DependsOn: []string{"database"}}, fine)
		register(t, s, "invoices", api.CheckConfig{Interval: api.OnDemand, DependsOn: []string{"orders", "database"}}, fine)
		synctest.Wait()
		require.Equal(t, "root cause: database\n[+]cache ok\n[-]database failed: reason withheld\n"+
			"[-]invoices failed: blocked by database\n[-]orders failed: blocked by database\nreadyz check failed\n",
			get(s.Health().Handler(), "/readyz").body)
		require.Contains(t, get(s.Health().Handler(), "/health").body, `"root_causes":["database"]`)
		require.Equal(t, 200, get(s.Health().Handler(), "/startupz").code, "a database that is down restarts no pod")
	})
}
