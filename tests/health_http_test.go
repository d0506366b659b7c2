package tests

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

func visit(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}

// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestTheHealthEndpointSpeaksTheDocumentedJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, api.SystemConfig{Version: "3.1.0"})
		register(t, s, "database", onDemand, func(context.Context) (api.Details, error) {
			time.Sleep(15 * time.Millisecond)
			return api.Details{"connections": 42}, nil
		})
		register(t, s, "cache", api.CheckConfig{Interval: api.OnDemand, Optional: true}, api.Ping(fail))
		time.Sleep(90 * time.Second)

		w := visit(s.Health().Handler(), http.MethodGet, "/health")
		require.Equal(t, 200, w.Code, "degraded")
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		require.Contains(t, w.Header().Get("Content-Type"), "application/json")
		var got map[string]any
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &got))
		require.Equal(t, "degraded", got["status"])
		require.Equal(t, "3.1.0", got["version"])
		require.InDelta(t, 90, got["uptime_seconds"], 1e-9)
		at, err := time.Parse(time.RFC3339, got["timestamp"].(string))
		require.NoError(t, err)
		require.WithinDuration(t, time.Now(), at, time.Second)

		checks := got["checks"].([]any)
		require.Len(t, checks, 2)
		require.Equal(t, "cache", checks[0].(map[string]any)["name"])
		database := checks[1].(map[string]any)
		require.Equal(t, "database", database["name"])
		require.Equal(t, "healthy", database["status"])
		require.InDelta(t, 15, database["latency_ms"], 1e-9)
		require.Contains(t, database, "message")
		require.Contains(t, database, "details")
	})
}

// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestASystemHealthMarshalsToTheDocumentedJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, api.SystemConfig{Version: "3.1.0"})
		register(t, s, "database", onDemand, func(context.Context) (api.Details, error) {
			time.Sleep(15 * time.Millisecond)
			return api.Details{"connections": 42}, nil
		})
		register(t, s, "cache", onDemand, api.Ping(fail))
		time.Sleep(90 * time.Second)
		marshalled, err := json.Marshal(s.Health().Snapshot())
		require.NoError(t, err)
		require.JSONEq(t, `{
			"status": "unhealthy", "version": "3.1.0", "uptime_seconds": 90, "timestamp": "2000-01-01T00:01:30Z",
			"checks": [
				{"name": "cache", "status": "unhealthy", "message": "boom", "latency_ms": 0, "details": {}, "age_seconds": 90},
				{"name": "database", "status": "healthy", "message": "", "latency_ms": 15, "details": {"connections": 42}, "age_seconds": 90}
			]}`, string(marshalled))
	})
}

// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestHTTPStatusFollowsTheOverallStatus(t *testing.T) {
	rows := []struct {
		status api.Status
		cfg    api.CheckConfig
		fn     func(context.Context) error
		code   int
	}{
		{api.Healthy, api.CheckConfig{}, succeed, 200},
		{api.Degraded, api.CheckConfig{Optional: true}, fail, 200},
		{api.Unhealthy, api.CheckConfig{}, fail, 503},
		{api.Unknown, api.CheckConfig{}, polite, 503},
	}
	for _, row := range rows {
		t.Run(row.status.String(), func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				h := register(t, s, "db", row.cfg, api.Ping(row.fn)).Handler()
				synctest.Wait()
				require.Equal(t, row.status, s.Health().Snapshot().Status)
				require.Equal(t, row.code, visit(h, http.MethodGet, "/health").Code)
				require.Equal(t, row.code, visit(h, http.MethodGet, "/readyz").Code)
				require.Equal(t, 200, visit(h, http.MethodGet, "/livez").Code, "the group live is empty")
			})
		})
	}
}

// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestLivezIsTheGroupLive(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		cfg := api.CheckConfig{Interval: api.OnDemand, Groups: []string{"live"}}
		h := register(t, s, "deadlock", cfg, api.Ping(fail)).Handler()
		synctest.Wait()
		require.Equal(t, 503, visit(h, http.MethodGet, "/livez").Code)
		require.Equal(t, 200, visit(h, http.MethodGet, "/readyz").Code)
		require.Equal(t, 503, visit(h, http.MethodGet, "/health").Code)
	})
}

// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestOnlyGetAndHead(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := register(t, s, "db", onDemand, api.Ping(succeed)).Handler()
		synctest.Wait()
		for _, path := range []string{"/health", "/livez", "/readyz"} {
			require.Equal(t, 200, visit(h, http.MethodGet, path).Code)
			head := visit(h, http.MethodHead, path)
			require.Equal(t, 200, head.Code)
			require.Equal(t, "no-store", head.Header().Get("Cache-Control"))
			for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions} {
				w := visit(h, method, path)
				require.Equal(t, 405, w.Code)
				require.NotEmpty(t, w.Header().Get("Allow"))
			}
		}
		for _, path := range []string{"/", "/nothing", "/healthy", "/health/nothing/here"} {
			require.Equal(t, 404, visit(h, http.MethodGet, path).Code, path)
		}
	})
}

// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestTheHandlerWorksUnderAnyPrefix(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := register(t, s, "db", onDemand, api.Ping(succeed)).Handler()
		synctest.Wait()
		mux := http.NewServeMux()
		mux.Handle("/internal/status/", h)
		mux.Handle("/stripped/", http.StripPrefix("/stripped", h))
		for _, path := range []string{"/internal/status/health", "/internal/status/readyz", "/stripped/livez"} {
			require.Equal(t, 200, visit(mux, http.MethodGet, path).Code, path)
		}
	})
}

// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestTheHandlerRunsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var c sick
		h := register(t, s, "db", onDemand, c.check).Handler()
		synctest.Wait()
		for range 100 {
			visit(h, http.MethodGet, "/health")
		}
		require.EqualValues(t, 1, c.runs.Load())
	})
}
