package api

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Promise (Health over HTTP and gRPC): Every format shows the age of a result. A result that was not renewed in time reads UNKNOWN.
func TestHealthEveryFormatTellsTheAge(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		require.NoError(t, h.Register("db", CheckConfig{Interval: OnDemand}, fine))
		slow := func(context.Context) (Details, error) { time.Sleep(90 * time.Second); return nil, nil }
		require.NoError(t, h.Register("slow", CheckConfig{Interval: OnDemand, Timeout: time.Hour}, slow))
		time.Sleep(42500 * time.Millisecond)
		handler := h.Handler()
		require.Equal(t, 42500*time.Millisecond, h.Snapshot().Checks[0].Age)
		_, _, body := ask(handler, "/health", "application/json")
		require.Contains(t, body, `"details":{},"age_seconds":42},{"name":"slow"`)
		require.Contains(t, body, `"details":{}}]`, "no result, no age")
		_, _, body = ask(handler, "/health", "application/health+json")
		require.Contains(t, body, `"time":"2000-01-01T00:00:00Z","observedValue":0,"observedUnit":"ms","ageSeconds":42}`)
		_, _, body = ask(handler, "/health", "text/plain")
		require.Contains(t, body, "[+]db ok (42s ago)\n[-]slow failed: reason withheld\n")
		_, _, body = ask(handler, "/readyz", "text/plain")
		require.Contains(t, body, "[+]db ok\n", "the words of Kubernetes, and no others")
		_, _, body = ask(handler, "/health", "text/plain;version=0.0.4")
		require.Contains(t, body, "understudy_check_age_seconds{check=\"db\"} 42\n")
		time.Sleep(time.Second)
		_, _, body = ask(handler, "/health", "application/json")
		require.Contains(t, body, `"age_seconds":43}`)
	})
}

// One check takes the only slot for an hour: the others are not run, and
// nobody may believe what they said long ago.
//
// Promise (Health over HTTP and gRPC): Every format shows the age of a result. A result that was not renewed in time reads UNKNOWN.
func TestHealthDoesNotBelieveWhatNobodyRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Start(SystemConfig{ChecksAtOnce: 1, Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		h := s.Health()
		var block atomic.Bool
		let := make(chan struct{})
		require.NoError(t, h.Register("db", CheckConfig{}, fine))
		require.NoError(t, h.Register("hog", CheckConfig{Interval: 20 * time.Second, Timeout: time.Hour}, func(context.Context) (Details, error) {
			if block.Load() {
				<-let
			}
			return nil, nil
		}))
		ready := func() (int, string) {
			code, _, body := get(h.Handler(), "GET", "/readyz?verbose")
			return code, body
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		code, _ := ready()
		require.Equal(t, 200, code)
		block.Store(true)
		time.Sleep(50 * time.Second)
		synctest.Wait()
		code, body := ready()
		require.Equal(t, 503, code)
		require.Equal(t, "[-]db failed: reason withheld\n[+]hog ok\nreadyz check failed\n", body)
		require.Regexp(t, "^db UNKNOWN stale since 2000-01-01T00:01:", statuses(h.Snapshot())[0])
		require.Equal(t, Unknown, h.Status("ready"))
		close(let)
		synctest.Wait()
		code, _ = ready()
		require.Equal(t, 200, code, "it was next in line")
		require.NoError(t, s.Shutdown(context.Background()))
	})
}

// Promise (Health over HTTP and gRPC): Messages and details are withheld from strangers; names and latencies are not.
func TestHealthShowsLatenciesToEverybody(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		require.NoError(t, h.Register("db", CheckConfig{Interval: OnDemand}, func(context.Context) (Details, error) {
			time.Sleep(1500 * time.Microsecond)
			return Details{"host": "db-3"}, errors.New("refused by db-3")
		}))
		time.Sleep(time.Second)
		_, _, body := get(h.Handler(), "GET", "/health")
		require.Contains(t, body, `"name":"db","status":"unhealthy","message":"reason withheld","latency_ms":1.5,"details":{}`)
		require.NotContains(t, body, "db-3")
	})
}

// Promise (Health over HTTP and gRPC): Drain turns the ready page to 503, waits, lets work in flight finish, and shuts down; a second signal skips the wait.
func TestDrainingInEveryFormat(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		require.NoError(t, h.Register("db", CheckConfig{}, fine))
		synctest.Wait()
		for _, draining := range []bool{false, true} {
			for accept, want := range map[string]string{
				"application/json":         `"draining":true`,
				"application/health+json":  `"output":"draining"`,
				"text/plain":               "[-]shutdown failed: draining\n",
				"text/plain;version=0.0.4": "understudy_health_draining 1\n",
			} {
				code, _, body := ask(h.Handler(), "/readyz", accept)
				if accept != "text/plain;version=0.0.4" {
					require.Equal(t, map[bool]int{true: 503, false: 200}[draining], code, accept)
				}
				if draining {
					require.Contains(t, body, want)
				} else {
					require.NotContains(t, body, want)
				}
				require.NotContains(t, body, "unhealthy\"} 1", "draining is not failing")
			}
			code, _, _ := get(h.Handler(), "GET", "/health")
			require.Equal(t, 200, code)
			h.drain()
		}
	})
}
