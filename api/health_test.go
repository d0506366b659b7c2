package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// withHealth runs fn in a bubble with a System, and shuts that down after.
func withHealth(t *testing.T, fn func(t *testing.T, s *System, h *Health)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Start(SystemConfig{Version: "3.1.0", Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Shutdown(context.Background())) }()
		fn(t, s, s.Health())
	})
}

func fine(context.Context) (Details, error) { return nil, nil }

func failing(message string) Check {
	return func(context.Context) (Details, error) { return nil, errors.New(message) }
}

func TestHealthRegisterRefuses(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		require.NoError(t, h.Register("db", CheckConfig{}, fine))
		for _, row := range []struct {
			name, field string
			cfg         CheckConfig
			check       Check
		}{
			{"db", "Name", CheckConfig{}, fine},
			{"", "Name", CheckConfig{}, fine},
			{"x", "Check", CheckConfig{}, nil},
			{"x", "Check", CheckConfig{}, Ping(nil)},
			{"x", "Check", CheckConfig{}, Bool(nil)},
			{"x", "Timeout", CheckConfig{Timeout: -1}, fine},
			{"x", "Interval", CheckConfig{Interval: -5}, fine},
		} {
			err := h.Register(row.name, row.cfg, row.check)
			var bad *ConfigError
			require.ErrorAs(t, err, &bad)
			require.ErrorIs(t, err, ErrConfig)
			require.Equal(t, [3]string{"check", row.name, row.field}, [3]string{bad.Kind, bad.Name, bad.Field})
		}
		require.Len(t, h.Snapshot().Checks, 1, "nothing half-made is left")
		require.ErrorIs(t, h.Deregister("nobody"), ErrConfig)
	})
}

func TestHealthRunsAllAtOnceWithinTheirTimeouts(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		for i := range 20 {
			check := func(ctx context.Context) (Details, error) {
				time.Sleep(300 * time.Millisecond)
				return Details{"i": i}, nil
			}
			require.NoError(t, h.Register(fmt.Sprintf("slow-%02d", i), CheckConfig{Interval: OnDemand}, check))
		}
		hangs := func(ctx context.Context) (Details, error) { <-ctx.Done(); return nil, ctx.Err() }
		require.NoError(t, h.Register("hangs", CheckConfig{Interval: OnDemand, Timeout: time.Second, Optional: true}, hangs))
		require.Equal(t, Unknown, h.Snapshot().Status, "no result yet")
		time.Sleep(2 * time.Second)
		began := time.Now()
		all := h.RunAll(t.Context())
		require.Equal(t, time.Second, time.Since(began))
		require.Equal(t, Degraded, all.Status, "an optional check failed")
		require.Equal(t, "3.1.0", all.Version)
		require.Equal(t, 3*time.Second, all.Uptime)
		require.Len(t, all.Checks, 21)
		require.Equal(t, "timed out after 1.0s", all.Checks[0].Message)
		for i, c := range all.Checks[1:] {
			require.Equal(t, fmt.Sprintf("slow-%02d", i), c.Name, "sorted")
			require.Equal(t, 300*time.Millisecond, c.Latency)
			require.Equal(t, Details{"i": i}, c.Details)
		}
	})
}

func TestHealthCallerWhoLeavesGetsWhatIsKnown(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		require.NoError(t, h.Register("quick", CheckConfig{Interval: OnDemand}, fine))
		slow := func(context.Context) (Details, error) { time.Sleep(5 * time.Second); return nil, nil }
		require.NoError(t, h.Register("slow", CheckConfig{Interval: OnDemand}, slow))
		time.Sleep(6 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		all := h.RunAll(ctx)
		require.Equal(t, Unknown, all.Status)
		require.Equal(t, Healthy, all.Checks[0].Status)
		require.Equal(t, Unknown, all.Checks[1].Status)
		require.Contains(t, all.Checks[1].Message, "context deadline exceeded")
		require.Equal(t, Healthy, h.Snapshot().Status, "others are not told so")
		time.Sleep(5 * time.Second)
		require.Equal(t, Healthy, h.Run(t.Context(), "slow").Status)
		require.Equal(t, CheckResult{Name: "x", Message: "Check 'x' not found"}, h.Run(t.Context(), "x"))
		var none context.Context
		require.Equal(t, Unknown, h.Run(none, "quick").Status, "a nil ctx")
	})
}

func TestHealthStatusChangesAreEvents(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, h *Health) {
		var events []string
		cancel := s.Subscribe(func(e Event) {
			if c, ok := e.(CheckChanged); ok {
				events = append(events, fmt.Sprintf("%v>%v %s", c.From, c.To, c.Message))
			}
		})
		var runs atomic.Int32
		check := func(context.Context) (Details, error) {
			return nil, []error{nil, errors.New("refused"), Degrade("slow"), nil}[runs.Add(1)-1]
		}
		require.NoError(t, h.Register("db", CheckConfig{Interval: OnDemand}, check))
		synctest.Wait()
		for range 3 {
			h.Run(t.Context(), "db")
		}
		synctest.Wait()
		cancel()
		require.Equal(t, []string{"UNKNOWN>HEALTHY ", "HEALTHY>UNHEALTHY refused", "UNHEALTHY>DEGRADED recovered after 1 failure, 0.0s: slow", "DEGRADED>HEALTHY "}, events)
	})
}

func TestHealthShowsFlapping(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, h *Health) {
		var runs, told atomic.Int32
		cancel := s.Subscribe(func(e Event) {
			if c, ok := e.(CheckChanged); ok && strings.HasSuffix(c.Message, "(flapping)") {
				told.Add(1)
			}
		})
		defer cancel()
		even := func(context.Context) bool { return runs.Add(1)%2 == 0 }
		require.NoError(t, h.Register("db", CheckConfig{}, Bool(even)))
		time.Sleep(15 * time.Second)
		require.False(t, h.Snapshot().Checks[0].Flapping)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		r := h.Snapshot().Checks[0]
		require.True(t, r.Flapping)
		require.GreaterOrEqual(t, len(r.Changes), 10)
		require.Positive(t, told.Load())
		for i, c := range r.Changes[1:] {
			require.Equal(t, r.Changes[i].To, c.From, "each change begins where the last one ended")
		}
		_, _, body := get(h.Handler(), "GET", "/health")
		require.Contains(t, body, `"flapping":true`)
		_, _, body = get(h.Handler(), "GET", "/readyz?verbose")
		require.Contains(t, body, " (flapping)\n")
	})
}

func TestHealthPanicRestartsWithBackoff(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		var runs atomic.Int32
		check := func(context.Context) (Details, error) {
			if runs.Add(1) <= 3 {
				panic("no route")
			}
			return nil, nil
		}
		require.NoError(t, h.Register("db", CheckConfig{}, check))
		time.Sleep(500 * time.Millisecond)
		r := h.Run(t.Context(), "db")
		require.Equal(t, "UNHEALTHY panicked: no route", r.Status.String()+" "+r.Message)
		time.Sleep(30 * time.Second)
		r = h.Run(t.Context(), "db")
		require.Equal(t, Healthy, r.Status)
		require.Equal(t, 3, r.Restarts)
	})
}

func TestHealthDeregisterFreesTheName(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		let := make(chan struct{})
		cancelled := make(chan struct{})
		check := func(ctx context.Context) (Details, error) {
			<-ctx.Done()
			close(cancelled)
			<-let
			return nil, nil
		}
		require.NoError(t, h.Register("db", CheckConfig{}, check))
		synctest.Wait()
		require.NoError(t, h.Deregister("db"))
		<-cancelled
		require.Empty(t, h.Snapshot().Checks)
		require.Equal(t, "Check 'db' not found", h.Run(t.Context(), "db").Message)
		require.NoError(t, h.Register("db", CheckConfig{}, fine))
		require.Equal(t, Healthy, h.Run(t.Context(), "db").Status)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, []string{"db"}, h.shutdown(ctx), "it still runs, although deregistered")
		close(let)
		require.Empty(t, h.shutdown(t.Context()))
	})
}

func TestHealthShutdownNamesTheStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Start(SystemConfig{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		h := s.Health()
		let := make(chan struct{})
		var runs atomic.Int32
		require.NoError(t, h.Register("deaf", CheckConfig{}, func(context.Context) (Details, error) { <-let; return nil, nil }))
		require.NoError(t, h.Register("polite", CheckConfig{}, func(ctx context.Context) (Details, error) {
			if runs.Add(1) == 1 {
				return Details{"rows": 3}, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		synctest.Wait()
		asked := make(chan CheckResult, 1)
		go func() { asked <- h.Run(context.Background(), "polite") }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = s.Shutdown(ctx)
		require.ErrorContains(t, err, "deaf")
		require.NotContains(t, err.Error(), "polite")
		r := <-asked
		require.Equal(t, "UNKNOWN not finished: the system is shut down", r.Status.String()+" "+r.Message)

		require.ErrorIs(t, h.Register("new", CheckConfig{}, fine), ErrShutdown)
		require.ErrorIs(t, h.Deregister("deaf"), ErrShutdown)
		require.Contains(t, h.Run(t.Context(), "polite").Message, ErrShutdown.Error())
		last := h.Snapshot()
		require.Equal(t, Details{"rows": 3}, last.Checks[1].Details, "the last results stay")
		require.Equal(t, Healthy, last.Checks[1].Status)
		close(let)
		require.NoError(t, s.Shutdown(context.Background()))
	})
}

func TestHealthBoolAndPing(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		gone := errors.New("gone")
		require.NoError(t, h.Register("yes", CheckConfig{}, Bool(func(context.Context) bool { return true })))
		require.NoError(t, h.Register("no", CheckConfig{}, Bool(func(context.Context) bool { return false })))
		require.NoError(t, h.Register("pong", CheckConfig{}, Ping(func(context.Context) error { return nil })))
		require.NoError(t, h.Register("gone", CheckConfig{}, Ping(func(context.Context) error { return gone })))
		for name, want := range map[string]string{"yes": "HEALTHY ", "no": "UNHEALTHY not healthy", "pong": "HEALTHY ", "gone": "UNHEALTHY gone"} {
			r := h.Run(t.Context(), name)
			require.Equal(t, want, r.Status.String()+" "+r.Message)
		}
	})
}

type rude struct{}

func (rude) MarshalJSON() ([]byte, error) { panic("rude") }

func TestHealthJSONShowsWhateverDetails(t *testing.T) {
	cycle := map[string]any{}
	cycle["me"] = cycle
	report := SystemHealth{
		Status: Degraded, Version: "1", Uptime: 1500 * time.Millisecond, Timestamp: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("x", 3600)),
		Checks: []CheckResult{{
			Name: "db", Status: Unhealthy, Message: "no", Latency: 12345 * time.Microsecond,
			Details: Details{
				"rows": 3, "ratio": math.NaN(), "far": math.Inf(1), "cycle": cycle, "channel": make(chan int),
				"func": func() {}, "rude": rude{}, "err": errors.New("oh"), "nil": nil, "bytes": "\xff",
			},
		}, {Name: "none"}},
	}
	got, err := json.Marshal(report)
	require.NoError(t, err)
	require.JSONEq(t, `{"status":"degraded","version":"1","uptime_seconds":1.5,"timestamp":"2026-01-02T02:04:05Z","checks":[
		{"name":"db","status":"unhealthy","message":"no","latency_ms":12.345,"details":{
			"rows":3,"ratio":"NaN","far":"+Inf","cycle":"map[string]interface {}","channel":"chan int","func":"func()",
			"rude":"api.rude","err":"oh","nil":null,"bytes":"�"}},
		{"name":"none","status":"unknown","message":"","latency_ms":0,"details":{}}]}`, string(got))
}

func get(h http.Handler, method, path string) (code int, header http.Header, body string) {
	return serve(h, httptest.NewRequest(method, path, nil))
}

// ask gets a path as a media type.
func ask(h http.Handler, path, accept string) (code int, header http.Header, body string) {
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept", accept)
	return serve(h, r)
}

func serve(h http.Handler, r *http.Request) (code int, header http.Header, body string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	read, _ := io.ReadAll(w.Result().Body)
	return w.Code, w.Result().Header, string(read)
}

func TestHealthConcurrentUse(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		handler := h.Handler()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for n := range 30 {
					name := fmt.Sprintf("%d-%d", i, n)
					require.NoError(t, h.Register(name, CheckConfig{}, fine))
					h.Run(t.Context(), name)
					h.Snapshot("ready")
					get(handler, "GET", "/health")
					if n%2 == 0 {
						require.NoError(t, h.Deregister(name))
					}
				}
			})
		}
		wg.Wait()
		all := h.RunAll(t.Context())
		require.Len(t, all.Checks, 8*15)
		require.Equal(t, Healthy, all.Status)
		require.True(t, strings.HasPrefix(all.Checks[0].Name, "0-"))
	})
}

func TestHealthStatusAndGroups(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		require.Equal(t, []string{"live", "ready"}, h.Groups())
		mixed(t, h)
		require.Equal(t, []string{"live", "ready", "storage"}, h.Groups())
		for _, groups := range [][]string{nil, {"live"}, {"ready"}, {"storage"}, {"live", "storage"}, {"none"}} {
			require.Equal(t, h.Snapshot(groups...).Status, h.Status(groups...))
		}
		require.Len(t, h.Snapshot("ready", "storage", "live").Checks, 4, "each once")
	})
}
