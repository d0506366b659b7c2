package http_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health over HTTP and gRPC): The status code follows the status, and may be set for each group.
// Promise (Health over HTTP and gRPC): The endpoints answer GET and HEAD with the documented JSON, 200 or 503 and no-store, below any prefix, and run no check.
func TestHTTPStatusFollowsTheOverallStatus(t *testing.T) {
	slow := func(context.Context) (api.Details, error) { time.Sleep(time.Second); return nil, nil }
	live := api.CheckConfig{Groups: []string{"live"}}
	for _, row := range []struct {
		status              api.Status
		cfg                 api.CheckConfig
		check               api.Check
		health, ready, live int
	}{
		{api.Healthy, api.CheckConfig{}, fine, 200, 200, 200},
		{api.Degraded, api.CheckConfig{}, degraded("slow", nil), 200, 200, 200},
		{api.Degraded, api.CheckConfig{Optional: true}, failing("no"), 200, 200, 200},
		{api.Unhealthy, api.CheckConfig{}, failing("no"), 503, 503, 200},
		{api.Unknown, api.CheckConfig{}, slow, 503, 503, 200}, // no result yet
		{api.Unhealthy, live, failing("no"), 503, 200, 503},
		{api.Unknown, live, slow, 503, 200, 503},
	} {
		bubble(t, func(t *testing.T, s *api.System) {
			register(t, s, "db", row.cfg, row.check)
			synctest.Wait()
			require.Equal(t, row.status, s.Health().Snapshot().Status)
			for path, code := range map[string]int{
				"/health": row.health, "/readyz": row.ready, "/health/ready": row.ready, "/livez": row.live, "/health/live": row.live,
			} {
				require.Equal(t, code, get(s.Health().Handler(), path).code, "%v %s", row.status, path)
			}
		})
	}
}

// Promise (Health over HTTP and gRPC): The status code follows the status, and may be set for each group.
func TestHealthStatusCodesPerGroup(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		mixed(t, s)
		handler := with(t, s, api.HandlerConfig{StatusCodes: map[string]map[api.Status]int{
			"ready": {api.Degraded: 503}, "storage": {api.Degraded: 429}, "": {api.Degraded: 207},
		}})
		for path, want := range map[string]int{"/readyz": 503, "/health/ready": 503, "/health/storage": 429, "/health": 207, "/livez": 200, "/startupz": 200} {
			require.Equal(t, want, get(handler, path).code, path)
		}
		for _, row := range []struct {
			cfg         api.HandlerConfig
			name, field string
		}{
			{api.HandlerConfig{StatusCodes: map[string]map[api.Status]int{"ready": {api.Healthy: 42}}}, "ready", "StatusCodes"},
			{api.HandlerConfig{StatusCodes: map[string]map[api.Status]int{"live": {api.Unhealthy: 600}}}, "live", "StatusCodes"},
			{api.HandlerConfig{StatusCodes: map[string]map[api.Status]int{"": {api.Status(4): 200}}}, "", "StatusCodes"},
			{api.HandlerConfig{ShowDetails: api.Always + 1}, "", "ShowDetails"},
		} {
			_, err := s.Health().HandlerWith(row.cfg)
			var bad *api.ConfigError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, api.ConfigError{Kind: "health handler", Name: row.name, Field: row.field, Problem: bad.Problem}, *bad)
		}
	})
}
