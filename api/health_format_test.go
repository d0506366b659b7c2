package api

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

type rude struct{}

func (rude) MarshalJSON() ([]byte, error) { panic("rude") }

// Promise (Health over HTTP and gRPC): Details are shown as JSON whatever they hold.
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

// Promise (Health over HTTP and gRPC): Messages and details are withheld from strangers; names and latencies are not.
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

// Promise (Health over HTTP and gRPC): Accept chooses the format.
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

// Promise (Health over HTTP and gRPC): Accept chooses the format.
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
