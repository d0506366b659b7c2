package http_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// The server and its mux are real: the mux mounts the ready page and nothing else.
//
// Promise (Health over HTTP and gRPC): A path below an endpoint is a check or a group of that endpoint, or 404; encoded slashes and dots change nothing.
func TestAMuxThatMountsOneEndpointServesOnlyThat(t *testing.T) {
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Shutdown(t.Context())) }()
	register(t, s, "db/replica", api.CheckConfig{Interval: api.OnDemand, Groups: []string{"ready", "secret"}}, fine)
	s.Health().Run(t.Context(), "db/replica")
	mux := http.NewServeMux()
	mux.Handle("/readyz/", s.Health().Handler())
	mux.Handle("/of/{tenant}/livez", s.Health().Handler())
	server := httptest.NewServer(mux)
	defer server.Close()
	for path, code := range map[string]int{
		"/readyz/": 200, "/readyz/db/replica": 200, "/readyz/db%2freplica": 200, "/readyz/%64b/replica": 200,
		"/readyz/health": 404, "/readyz/health/secret": 404, "/readyz/..%2fhealth": 404, "/readyz/%2e%2e%2fhealth": 404,
		"/readyz/%2e%2e/health": 404, "/readyz//health": 404, "/readyz/livez": 404, "/readyz/db%2freplica%2f": 404,
		"/of/a/livez": 200, "/of/a%2fhealth/livez": 200, "/of/health/livez": 404,
	} {
		code, want := 0, code
		response, err := server.Client().Get(server.URL + path)
		require.NoError(t, err)
		code = response.StatusCode
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, want, code, "%s: %s", path, body)
	}
}

// Promise (Health over HTTP and gRPC): HandlerConfig.Endpoints says which endpoints are served.
func TestOnlyTheEndpointsThatAreNamedAreServed(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		mixed(t, s)
		paths := []string{"/livez", "/readyz"}
		handler := with(t, s, api.HandlerConfig{Endpoints: paths})
		paths[0] = "/health" // the handler has a copy
		for path, code := range map[string]int{
			"/livez": 200, "/readyz": 200, "/readyz/db": 200, "/health/readyz": 200, "/startupz/readyz/db": 200,
			"/health": 404, "/health/storage": 404, "/startupz": 404, "/readyz/health": 404,
		} {
			require.Equal(t, code, get(handler, path).code, path)
		}
	})
}

// Promise (Health over HTTP and gRPC): A path or an Accept longer than 1 KiB, and a query longer than 16 KiB, is not looked at.
func TestWhatIsTooLongIsNotLookedAt(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		long := strings.Repeat("n", 255)
		register(t, s, long, api.CheckConfig{}, failing("no"))
		synctest.Wait()
		handler := s.Health().Handler()
		ask := func(path, query string, accept ...string) reply {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.URL.Path, r.URL.RawQuery, r.Header["Accept"] = path, query, accept
			return serve(handler, r)
		}
		require.Equal(t, 503, ask(strings.Repeat("/", 1024-len("/readyz/")-255)+"/readyz/"+long, "").code)
		require.Equal(t, 404, ask(strings.Repeat("/", 1025-len("/readyz/")-255)+"/readyz/"+long, "").code)
		require.Equal(t, 404, ask(strings.Repeat("/", 1_000_000)+"readyz", "").code)

		for n, format := range map[int]string{1024 - len("application/json,") - 1: "application/json", 1024: "text/plain; charset=utf-8", 650_000: "text/plain; charset=utf-8"} {
			require.Equal(t, format, ask("/readyz", "", strings.Repeat(",", n), "application/json").header.Get("Content-Type"))
		}

		got := ask("/readyz", "exclude="+long)
		require.Equal(t, 200, got.code)
		got = ask("/readyz", "exclude="+long+strings.Repeat("&", 16<<10))
		require.Equal(t, 503, got.code, "the check is not excluded")
		require.Equal(t, `199 - "the query is longer than 16 KiB and was ignored"`, got.header.Get("Warning"))
	})
}
