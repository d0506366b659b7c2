package api

import (
	"context"
	"errors"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/health"
)

// Promise (Health over HTTP and gRPC): Each endpoint, group and check has its page. Unknown ones get 404, other methods 405.
func TestHealthEndpoints(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		handler := h.Handler()
		mixed(t, h)
		for _, row := range []struct {
			path string
			code int
			body string // "": not looked at
		}{
			{"/health", 200, ""},
			{"/livez", 200, "ok"},
			{"/readyz", 200, "ok"},
			{"/startupz", 200, "ok"},
			{"/any/prefix/readyz/", 200, "ok"},
			{"/health/readyz", 200, "ok"},
			{"/livez?verbose", 200, "[+]loop ok\nlivez check passed\n"},
			{"/readyz?verbose=1", 200, "[-]cache failed: reason withheld\n[+]db ok\nreadyz check passed\n"},
			{"/readyz?verbose&exclude=cache&exclude=nobody&exclude=", 200,
				"[+]db ok\nwarn: no check to exclude named nobody\nreadyz check passed\n"},
			{"/readyz/db", 200, "ok"},
			{"/readyz/cache", 503, "[-]cache failed: reason withheld\nreadyz check failed\n"},
			{"/readyz/loop", 404, ""}, // in another group
			{"/livez/loop", 200, "ok"},
			{"/startupz/db/replica", 200, "ok"},
			{"/health/storage", 200, ""},
			{"/health/live", 200, ""},
			{"/health/nosuch", 404, ""},
			{"/healthy", 404, ""},
			{"/", 404, ""},
			{"", 404, ""},
		} {
			r := httptest.NewRequest("GET", "/", nil)
			path, query, _ := strings.Cut(row.path, "?")
			r.URL.Path, r.URL.RawQuery = path, query
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			require.Equal(t, row.code, w.Code, row.path)
			if row.body != "" {
				require.Equal(t, row.body, w.Body.String(), row.path)
			}
			if w.Code != 404 {
				require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
			}
		}
	})
}

// Promise (Health over HTTP and gRPC): Each endpoint, group and check has its page. Unknown ones get 404, other methods 405.
func TestHealthChecksAndGroupsNamedLikeEndpoints(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		require.NoError(t, h.Register("health", CheckConfig{}, fine))
		require.NoError(t, h.Register("db/readyz", CheckConfig{Groups: []string{"ready", "livez"}}, failing("no")))
		synctest.Wait()
		for path, want := range map[string]string{
			"/readyz/health":    "ok",
			"/readyz/db/readyz": "[-]db/readyz failed: reason withheld\nreadyz check failed\n",
			"/health/livez":     "[-]db/readyz failed: reason withheld (0s ago)\nhealth check failed\n",
			"/health/startupz":  "ok", // a prefix: there is no such group
			"/livez":            "ok",
		} {
			_, _, body := ask(h.Handler(), path, "text/plain")
			require.Equal(t, want, body, path)
		}
	})
}

// Promise (Health over HTTP and gRPC): Checks in ?exclude are left out of every format. A name that does not exist causes a warning.
func TestHealthExcludedChecksAreInNoFormat(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		mixed(t, h)
		require.NoError(t, h.Register("first", CheckConfig{}, failing("no")))
		synctest.Wait()
		for _, accept := range []string{"application/json", "application/health+json", "text/plain", "text/plain;version=0.0.4"} {
			code, _, body := ask(h.Handler(), "/readyz?verbose", accept)
			require.Equal(t, accept != "text/plain;version=0.0.4", code == 503)
			require.Contains(t, body, "first")
			code, _, body = ask(h.Handler(), "/readyz?verbose&exclude=first&exclude=cache", accept)
			require.Equal(t, 200, code, "its failure does not count")
			require.NotContains(t, body, "first")
			require.NotContains(t, body, "cache")
			require.Contains(t, body, "db")
			_, _, body = ask(h.Handler(), "/readyz?verbose&exclude=first&exclude=cache&exclude=db", accept)
			require.NotContains(t, body, "db")
			if accept == "application/json" {
				require.Contains(t, body, `"status":"healthy"`)
				require.Contains(t, body, `"checks":[]`)
			}
		}
	})
}

// Promise (Health over HTTP and gRPC): Checks in ?exclude are left out of every format. A name that does not exist causes a warning.
func TestHealthWarnsOfUnknownNamesToExclude(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		mixed(t, h)
		for _, row := range []struct{ query, want string }{
			{"exclude=cache", ""},
			{"exclude=cache&exclude=zoo&exclude=ape&exclude=zoo", "no check to exclude named ape, zoo"},
			{"exclude=%0a", `no check to exclude named "\n"`},
			{"exclude=a&exclude=b&exclude=c&exclude=d&exclude=e&exclude=f&exclude=g&exclude=h&exclude=i&exclude=j&exclude=k&exclude=l",
				"no check to exclude named a, b, c, d, e, f, g, h, i, j, and 2 more"},
		} {
			for _, accept := range []string{"application/json", "application/health+json", "text/plain"} {
				code, header, body := ask(h.Handler(), "/readyz?verbose&"+row.query, accept)
				require.Equal(t, 200, code)
				warning := ""
				if row.want != "" {
					warning = "199 - " + strconv.QuoteToASCII(row.want)
				}
				require.Equal(t, warning, header.Get("Warning"))
				if accept == "text/plain" {
					require.Equal(t, row.want != "", strings.Contains(body, "warn: "+row.want+"\n"))
				}
			}
		}
	})
}

// Promise (Health over HTTP and gRPC): Each endpoint, group and check has its page. Unknown ones get 404, other methods 405.
func TestHealthMethods(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		mixed(t, h)
		for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
			code, header, _ := get(h.Handler(), method, "/health")
			require.Equal(t, 405, code)
			require.Equal(t, "GET, HEAD", header.Get("Allow"))
			require.Equal(t, "no-store", header.Get("Cache-Control"))
		}
		_, _, body := get(h.Handler(), "GET", "/readyz")
		code, header, none := get(h.Handler(), "HEAD", "/readyz")
		require.Equal(t, 200, code)
		require.Empty(t, none)
		require.Equal(t, "2", header.Get("Content-Length"))
		require.Equal(t, "ok", body)
	})
}

// Promise (Health over HTTP and gRPC): The status code follows the status, and may be set for each group.
func TestHealthStatusCodes(t *testing.T) {
	for _, row := range []struct {
		check    Check
		optional bool
		code     int
	}{
		{fine, false, 200},
		{func(context.Context) (Details, error) { return nil, Degrade("slow") }, false, 200},
		{failing("no"), true, 200},
		{failing("no"), false, 503},
		{func(context.Context) (Details, error) { time.Sleep(time.Second); return nil, nil }, false, 503}, // no result yet
	} {
		withHealth(t, func(t *testing.T, _ *System, h *Health) {
			require.NoError(t, h.Register("db", CheckConfig{Optional: row.optional}, row.check))
			synctest.Wait()
			for _, path := range []string{"/health", "/readyz", "/health/ready"} {
				code, _, _ := get(h.Handler(), "GET", path)
				require.Equal(t, row.code, code)
			}
			code, _, _ := get(h.Handler(), "GET", "/livez")
			require.Equal(t, 200, code, "liveness looks at nothing by default")
		})
	}
}

// Promise (Health over HTTP and gRPC): The startup page waits for the first result of each check, and for nothing else.
func TestHealthStartupWaitsForFirstResultsOnly(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		slow := func(context.Context) (Details, error) { time.Sleep(time.Second); return nil, errors.New("refused") }
		require.NoError(t, h.Register("db", CheckConfig{}, slow))
		require.NoError(t, h.Register("disk", CheckConfig{}, fine))
		synctest.Wait()
		code, _, body := get(h.Handler(), "GET", "/startupz")
		require.Equal(t, 503, code)
		require.Equal(t, "[-]db failed: reason withheld\n[+]disk ok\nstartupz check failed\n", body)
		time.Sleep(time.Second)
		synctest.Wait()
		code, _, _ = get(h.Handler(), "GET", "/startupz")
		require.Equal(t, 200, code, "it has started, although the database is down")
		code, _, _ = get(h.Handler(), "GET", "/readyz")
		require.Equal(t, 503, code)
	})
}

// Promise (Health over HTTP and gRPC): The status code follows the status, and may be set for each group.
func TestHealthStatusCodesPerGroup(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		mixed(t, h)
		handler, err := h.HandlerWith(HandlerConfig{StatusCodes: map[string]map[Status]int{
			"ready": {Degraded: 503}, "storage": {Degraded: 429}, "": {Degraded: 207},
		}})
		require.NoError(t, err)
		for path, want := range map[string]int{"/readyz": 503, "/health/ready": 503, "/health/storage": 429, "/health": 207, "/livez": 200, "/startupz": 200} {
			code, _, _ := get(handler, "GET", path)
			require.Equal(t, want, code, path)
		}
		for _, row := range []struct {
			cfg         HandlerConfig
			name, field string
		}{
			{HandlerConfig{StatusCodes: map[string]map[Status]int{"ready": {Healthy: 42}}}, "ready", "StatusCodes"},
			{HandlerConfig{StatusCodes: map[string]map[Status]int{"live": {Unhealthy: 600}}}, "live", "StatusCodes"},
			{HandlerConfig{StatusCodes: map[string]map[Status]int{"": {Status(4): 200}}}, "", "StatusCodes"},
			{HandlerConfig{ShowDetails: Always + 1}, "", "ShowDetails"},
		} {
			_, err = h.HandlerWith(row.cfg)
			var bad *ConfigError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, ConfigError{Kind: "health handler", Name: row.name, Field: row.field, Problem: bad.Problem}, *bad)
		}
	})
}

// Promise (Health over HTTP and gRPC): Any request gets a documented status code and a page that fits its Content-Type.
func FuzzHealthRequest(f *testing.F) {
	f.Add("/readyz/db", "verbose&exclude=x", "text/plain;q=0.1")
	f.Add("//health//", "exclude=%zz", "*/*;q=nan")
	f.Add("/health/ready/\x00", ";", "text/plain;version=0.0.4,,")
	h := newHealth(health.NewShared(nil, 1), "1", time.Time{})
	handler := h.Handler()
	f.Fuzz(func(t *testing.T, path, query, accept string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header["Accept"] = []string{accept}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Contains(t, []int{200, 404}, w.Code, "without checks all is well, or not found")
	})
}
