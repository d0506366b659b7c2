package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/health"
)

// mixed registers checks of every kind, and waits for their first results.
func mixed(t *testing.T, h *Health) {
	slow := func(context.Context) (Details, error) { return Details{"lag": 3}, Degrade("lag of secret-host") }
	require.NoError(t, h.Register("cache", CheckConfig{Optional: true}, failing("dial secret-host: refused")))
	require.NoError(t, h.Register("db", CheckConfig{Groups: []string{"ready", "storage"}}, fine))
	require.NoError(t, h.Register("db/replica", CheckConfig{Groups: []string{"storage"}}, slow))
	require.NoError(t, h.Register("loop", CheckConfig{Groups: []string{"live"}}, fine))
	synctest.Wait()
}

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

func TestHealthWithholdsReasonsFromStrangers(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		mixed(t, h)
		always, err := h.HandlerWith(HandlerConfig{ShowDetails: Always})
		require.NoError(t, err)
		some, err := h.HandlerWith(HandlerConfig{Authorize: func(r *http.Request) bool { return r.URL.Query().Get("token") == "t" }})
		require.NoError(t, err)
		for _, accept := range []string{"application/json", "application/health+json", "text/plain", "text/plain;version=0.0.4"} {
			for _, row := range []struct {
				handler http.Handler
				path    string
				shown   bool
			}{
				{h.Handler(), "/health?verbose", false},
				{always, "/health?verbose", true},
				{some, "/health?verbose", false},
				{some, "/health?verbose&token=t", true},
			} {
				r := httptest.NewRequest("GET", row.path, nil)
				r.Header.Set("Accept", accept)
				w := httptest.NewRecorder()
				row.handler.ServeHTTP(w, r)
				shown := row.shown && !strings.Contains(accept, "version")
				require.Equal(t, shown, strings.Contains(w.Body.String(), "secret-host"), "%s %s", accept, row.path)
				require.Contains(t, w.Body.String(), "cache", "names are shown")
			}
		}
	})
}

func TestHealthJSONFormat(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		mixed(t, h)
		always, err := h.HandlerWith(HandlerConfig{ShowDetails: Always})
		require.NoError(t, err)
		_, header, body := get(always, "GET", "/health/storage")
		require.Equal(t, "application/json", header.Get("Content-Type"))
		want, err := json.Marshal(h.Snapshot("storage"))
		require.NoError(t, err)
		require.JSONEq(t, string(want), body, "Snapshot and endpoint agree")
		require.JSONEq(t, `{"status":"degraded","version":"3.1.0","uptime_seconds":0,"timestamp":"2000-01-01T00:00:00Z","checks":[
			{"name":"db","status":"healthy","message":"","latency_ms":0,"details":{},"age_seconds":0},
			{"name":"db/replica","status":"degraded","message":"lag of secret-host","latency_ms":0,"details":{"lag":3},"age_seconds":0}]}`, body)
	})
}

func TestHealthOtherFormats(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		mixed(t, h)
		require.NoError(t, h.Register("odd\n\"\\", CheckConfig{Groups: []string{"odd"}}, failing("no")))
		synctest.Wait()
		handler := h.Handler()
		code, header, body := ask(handler, "/health/storage", "application/health+json")
		require.Equal(t, 200, code)
		require.Equal(t, "application/health+json", header.Get("Content-Type"))
		require.JSONEq(t, `{"status":"warn","releaseId":"3.1.0","checks":{
			"db":[{"status":"pass","time":"2000-01-01T00:00:00Z","observedValue":0,"observedUnit":"ms","ageSeconds":0}],
			"db/replica":[{"status":"warn","time":"2000-01-01T00:00:00Z","observedValue":0,"observedUnit":"ms","output":"reason withheld","ageSeconds":0}]}}`, body)

		code, _, body = ask(handler, "/health/odd", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
		require.Equal(t, 200, code, "a scrape that is refused says nothing")
		require.Contains(t, body, "understudy_health_status{status=\"unhealthy\"} 1\n")
		require.Contains(t, body, `understudy_check_status{check="odd\n\"\\",status="unhealthy"} 1`+"\n")
		require.Contains(t, body, `understudy_check_status{check="odd\n\"\\",status="healthy"} 0`+"\n")

		code, _, body = ask(handler, "/health/odd", "text/plain")
		require.Equal(t, 503, code)
		require.Equal(t, "[-]\"odd\\n\\\"\\\\\" failed: reason withheld (0s ago)\nhealth check failed\n", body)
	})
}

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
		_, err = h.HandlerWith(HandlerConfig{StatusCodes: map[string]map[Status]int{"ready": {Healthy: 42}}})
		var bad *ConfigError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, "StatusCodes", bad.Field)
	})
}

func TestHealthAccept(t *testing.T) {
	for _, row := range []struct {
		accept, endpoint string
		want             format
	}{
		{"", "health", formatJSON},
		{"", "readyz", formatText},
		{"*/*", "health", formatJSON},
		{"*/*", "livez", formatText},
		{"text/plain", "health", formatText},
		{"text/*", "health", formatText},
		{"application/json", "readyz", formatJSON},
		{"application/*", "readyz", formatJSON},
		{"application/health+json, application/json", "health", formatIETF},
		{"application/json;q=0.5, text/plain;q=0.9", "health", formatText},
		{"application/json;q=0, text/plain;q=0.1", "health", formatText},
		{"image/png", "health", formatJSON},
		{"text/plain;version=0.0.4", "health", formatPrometheus},
		{"application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", "health", formatPrometheus},
		{";;;,,/;q=x", "health", formatJSON},
		{"application/json;q=9e9", "readyz", formatText},
	} {
		require.Equal(t, row.want, choose([]string{row.accept}, row.endpoint), row.accept)
	}
}

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
