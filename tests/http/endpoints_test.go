package http_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health over HTTP and gRPC): Each endpoint, group and check has its page. Unknown ones get 404, other methods 405.
// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestHealthEndpoints(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		handler := s.Health().Handler()
		mixed(t, s)
		for _, row := range []struct {
			path string
			code int
			body string // "": not compared
		}{
			{"/health", 200, ""},
			{"/livez", 200, "ok"},
			{"/readyz", 200, "ok"},
			{"/startupz", 200, "ok"},
			{"/any/prefix/readyz/", 200, "ok"},
			{"/health/readyz", 404, ""}, // below /health there are groups, and nothing else
			{"/livez?verbose", 200, "[+]loop ok\nlivez check passed\n"},
			{"/readyz?verbose=1", 200, "[-]cache failed: reason withheld\n[+]db ok\nreadyz check passed\n"},
			{"/readyz?verbose&exclude=cache&exclude=nobody&exclude=", 200,
				"[+]db ok\nreadyz check passed\n"},
			{"/readyz/db", 200, "ok"},
			{"/readyz/cache", 503, "[-]cache failed: reason withheld\nreadyz check failed\n"},
			{"/readyz/cache?exclude=db", 503, "[-]cache failed: reason withheld\nreadyz check failed\n"},
			{"/readyz/cache?exclude=cache", 200, "ok"},
			{"/readyz/loop", 404, ""}, // it is in another group
			{"/livez/loop", 200, "ok"},
			{"/startupz/db/replica", 200, "ok"},
			{"/health/storage", 200, ""},
			{"/health/live", 200, ""},
			{"/health/nosuch", 404, ""},
			{"/health/nothing/here", 404, ""},
			{"/healthy", 404, ""},
			{"/", 404, ""},
			{"", 404, ""},
		} {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL.Path, r.URL.RawQuery, _ = strings.Cut(row.path, "?")
			got := serve(handler, r)
			require.Equal(t, row.code, got.code, row.path)
			if row.body != "" {
				require.Equal(t, row.body, got.body, row.path)
			}
			require.Equal(t, "no-store", got.header.Get("Cache-Control"))
		}
	})
}

// Promise (Health over HTTP and gRPC): Each endpoint, group and check has its page. Unknown ones get 404, other methods 405.
func TestHealthChecksAndGroupsNamedLikeEndpoints(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "health", api.CheckConfig{}, fine)
		register(t, s, "db/readyz", api.CheckConfig{Groups: []string{"ready", "livez"}}, failing("no"))
		synctest.Wait()
		for path, want := range map[string]string{
			"/readyz/health":    "ok",
			"/readyz/db/readyz": "[-]db/readyz failed: reason withheld\nreadyz check failed\n",
			"/health/livez":     "[-]db/readyz failed: reason withheld (0s ago)\nhealth check failed\n",
			"/health/startupz":  "404 page not found\n",
			"/livez":            "ok",
		} {
			require.Equal(t, want, get(s.Health().Handler(), path, asText).body, path)
		}
	})
}

// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
// Promise (Health over HTTP and gRPC): Each endpoint, group and check has its page. Unknown ones get 404, other methods 405.
func TestOnlyGetAndHead(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		mixed(t, s)
		for _, path := range []string{"/health", "/livez", "/readyz"} {
			full := get(s.Health().Handler(), path)
			head := serve(s.Health().Handler(), httptest.NewRequest(http.MethodHead, path, nil))
			full.header.Del("Content-Length") // which is not known without the page
			require.Equal(t, reply{200, full.header, ""}, head)
			for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
				got := serve(s.Health().Handler(), httptest.NewRequest(method, path, nil))
				require.Equal(t, 405, got.code)
				require.Equal(t, "GET, HEAD", got.header.Get("Allow"))
				require.Equal(t, "no-store", got.header.Get("Cache-Control"))
			}
		}
		require.Equal(t, "2", get(s.Health().Handler(), "/readyz").header.Get("Content-Length"))
	})
}

// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestTheHandlerRunsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs atomic.Int32
		register(t, s, "db", onDemand, api.Bool(func(context.Context) bool { return runs.Add(1) > 0 }))
		synctest.Wait()
		for range 100 {
			get(s.Health().Handler(), "/health")
		}
		require.EqualValues(t, 1, runs.Load())
	})
}

// Promise (Health over HTTP and gRPC): The startup page waits for the first result of each check, and for nothing else.
func TestHealthStartupWaitsForFirstResultsOnly(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		slow := func(context.Context) (api.Details, error) { time.Sleep(time.Second); return nil, errors.New("refused") }
		register(t, s, "db", api.CheckConfig{}, slow)
		register(t, s, "disk", api.CheckConfig{}, fine)
		synctest.Wait()
		got := get(s.Health().Handler(), "/startupz")
		require.Equal(t, 503, got.code)
		require.Equal(t, "[-]db failed: reason withheld\n[+]disk ok\nstartupz check failed\n", got.body)
		time.Sleep(time.Second)
		synctest.Wait()
		require.Equal(t, 200, get(s.Health().Handler(), "/startupz").code, "it has started, although the database is down")
		require.Equal(t, 503, get(s.Health().Handler(), "/readyz").code)
	})
}
