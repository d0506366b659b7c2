package http_test

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestTheHealthEndpointSpeaksTheDocumentedJSON(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "database", onDemand, func(context.Context) (api.Details, error) {
			time.Sleep(15 * time.Millisecond)
			return api.Details{"connections": 42}, nil
		})
		register(t, s, "cache", api.CheckConfig{Interval: api.OnDemand, Optional: true}, failing("boom"))
		register(t, s, "replica", api.CheckConfig{Interval: api.OnDemand, Groups: []string{"storage"}}, degraded("it lags", api.Details{"lag": 3}))
		time.Sleep(90500 * time.Millisecond)
		got := get(with(t, s, api.HandlerConfig{ShowDetails: api.Always}), "/health")
		require.Equal(t, 200, got.code)
		require.Equal(t, "application/json", got.header.Get("Content-Type"))
		require.JSONEq(t, `{"status":"degraded","version":"3.1.0","uptime_seconds":90.5,"timestamp":"2000-01-01T00:01:30Z","checks":[
			{"name":"cache","status":"unhealthy","message":"boom","latency_ms":0,"details":{},"age_seconds":90},
			{"name":"database","status":"healthy","message":"","latency_ms":15,"details":{"connections":42},"age_seconds":90},
			{"name":"replica","status":"degraded","message":"it lags","latency_ms":0,"details":{"lag":3},"age_seconds":90}]}`, got.body)
		want, err := json.Marshal(s.Health().Snapshot())
		require.NoError(t, err)
		require.Equal(t, string(want)+"\n", got.body)
		want, err = json.Marshal(s.Health().Snapshot("storage"))
		require.NoError(t, err)
		require.Equal(t, string(want)+"\n", get(with(t, s, api.HandlerConfig{ShowDetails: api.Always}), "/health/storage").body)
	})
}

type rude struct{}

func (rude) MarshalJSON() ([]byte, error) { panic("rude") }

// Promise (Health over HTTP and gRPC): Details are shown as JSON whatever they hold.
func TestHealthJSONShowsWhateverDetails(t *testing.T) {
	cycle := map[string]any{}
	cycle["me"] = cycle
	report := api.SystemHealth{
		Status: api.Degraded, Version: "1", Uptime: 1500 * time.Millisecond, Timestamp: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("x", 3600)),
		Checks: []api.CheckResult{{
			Name: "db", Status: api.Unhealthy, Message: "no", Latency: 12345 * time.Microsecond,
			Details: api.Details{
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
			"rude":"http_test.rude","err":"oh","nil":null,"bytes":"?"}},
		{"name":"none","status":"unknown","message":"","latency_ms":0,"details":{}}]}`, string(got))
}

// Promise (Health over HTTP and gRPC): Messages and details are withheld from strangers; names and latencies are not.
func TestHealthWithholdsReasonsFromStrangers(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		mixed(t, s)
		always := with(t, s, api.HandlerConfig{ShowDetails: api.Always})
		some := with(t, s, api.HandlerConfig{Authorize: func(r *http.Request) bool { return r.URL.Query().Get("token") == "t" }})
		for _, accept := range formats {
			for _, row := range []struct {
				handler http.Handler
				path    string
				shown   bool
			}{
				{s.Health().Handler(), "/health?verbose", false},
				{always, "/health?verbose", true},
				{some, "/health?verbose", false},
				{some, "/health?verbose&token=t", true},
				{some, "/health?verbose", false},
			} {
				body := get(row.handler, row.path, accept).body
				require.Equal(t, row.shown && accept != asPrometheus, strings.Contains(body, "secret-host"), "%s %s", accept, row.path)
				require.Contains(t, body, "cache", "names are shown")
			}
		}
	})
}

// Promise (Health over HTTP and gRPC): Messages and details are withheld from strangers; names and latencies are not.
func TestHealthShowsLatenciesToEverybody(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "db", onDemand, func(context.Context) (api.Details, error) {
			time.Sleep(1500 * time.Microsecond)
			return api.Details{"host": "db-3"}, errors.New("refused by db-3")
		})
		time.Sleep(time.Second)
		body := get(s.Health().Handler(), "/health").body
		require.Contains(t, body, `"name":"db","status":"unhealthy","message":"reason withheld","latency_ms":1.5,"details":{}`)
		require.NotContains(t, body, "db-3")
	})
}

// Promise (Health over HTTP and gRPC): Accept chooses the format.
func TestHealthOtherFormats(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		mixed(t, s)
		register(t, s, "odd\n\"\\", api.CheckConfig{Groups: []string{"odd"}}, failing("no"))
		synctest.Wait()
		got := get(s.Health().Handler(), "/health/storage", asIETF)
		require.Equal(t, 200, got.code)
		require.Equal(t, asIETF, got.header.Get("Content-Type"))
		require.JSONEq(t, `{"status":"warn","releaseId":"3.1.0","checks":{
			"db":[{"status":"pass","time":"2000-01-01T00:00:00Z","observedValue":0,"observedUnit":"ms","ageSeconds":0}],
			"db/replica":[{"status":"warn","time":"2000-01-01T00:00:00Z","observedValue":0,"observedUnit":"ms","output":"reason withheld","ageSeconds":0}]}}`, got.body)
		got = get(with(t, s, api.HandlerConfig{ShowDetails: api.Always}), "/health/storage", asIETF)
		require.Contains(t, got.body, `"output":"lag of secret-host","details":{"lag":3},"ageSeconds":0}`)

		got = get(s.Health().Handler(), "/health/odd", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
		require.Equal(t, 200, got.code, "a scrape that is refused says nothing")
		require.Contains(t, got.body, "understudy_health_status{status=\"unhealthy\"} 1\n")
		require.Contains(t, got.body, `understudy_check_status{check="odd\n\"\\",status="unhealthy"} 1`+"\n")
		require.Contains(t, got.body, `understudy_check_status{check="odd\n\"\\",status="healthy"} 0`+"\n")

		got = get(s.Health().Handler(), "/health/odd", asText)
		require.Equal(t, 503, got.code)
		require.Equal(t, "[-]\"odd\\n\\\"\\\\\" failed: reason withheld (0s ago)\nhealth check failed\n", got.body)
	})
}
