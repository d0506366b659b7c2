package http_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health over HTTP and gRPC): Every page, format and endpoint answers alike in caching headers, verdicts and limits.
func TestEveryPageAnswersAlike(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		mixed(t, s)
		register(t, s, "sick", api.CheckConfig{Groups: []string{"sick"}}, failing("no"))
		s.Health().RunAll(t.Context())
		plain := s.Health().Handler()
		shown := with(t, s, api.HandlerConfig{ShowDetails: api.Always})
		hidden := with(t, s, api.HandlerConfig{ShowNames: api.DetailsNever})
		for _, path := range []string{
			"/health", "/livez", "/readyz", "/startupz", "/health/storage", "/health/sick", "/readyz/db", "/readyz/cache", "/startupz/sick",
			"/health?verbose", "/readyz?verbose&exclude=db", "/readyz?exclude=nobody", "/health?exclude=sick", "/nothing", "/readyz/nothing",
		} {
			for _, accept := range formats {
				for _, handler := range []http.Handler{plain, shown, hidden} {
					got := get(handler, path, accept)
					request, err := http.NewRequest(http.MethodHead, path, nil)
					require.NoError(t, err)
					request.Header.Set("Accept", accept)
					head := serve(handler, request)
					require.Equal(t, got.code, head.code, path)
					request.Method = http.MethodPost
					for _, header := range []http.Header{got.header, head.header, serve(handler, request).header} {
						require.Equal(t, "no-store", header.Get("Cache-Control"), path)
						require.Equal(t, "Accept", header.Get("Vary"), path)
						require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
					}
					if got.code != 404 && accept != asPrometheus {
						require.Equal(t, got.code == 200, passes(t, accept, got.body), "%s %s: %d %s", path, accept, got.code, got.body)
					}
				}
			}
		}
	})
}

// passes reports whether the verdict of a page is that requests should come.
func passes(t *testing.T, accept, body string) bool {
	if accept == asText {
		return body == "ok" || strings.HasSuffix(body, " check passed\n")
	}
	var page struct{ Status string }
	require.NoError(t, json.Unmarshal([]byte(body), &page), body)
	return strings.Contains("healthy degraded pass warn", page.Status)
}
