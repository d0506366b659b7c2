package http_test

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health over HTTP and gRPC): With ShowNames: DetailsNever a stranger sees the status alone, and cannot find out whether a name exists.
func TestStrangersSeeTheStatusAlone(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		mixed(t, s)
		register(t, s, "tenant", api.CheckConfig{}, failing("secret"))
		register(t, s, "orders", api.CheckConfig{DependsOn: []string{"tenant"}}, fine)
		synctest.Wait()
		handler := with(t, s, api.HandlerConfig{ShowNames: api.DetailsNever,
			Authorize: func(r *http.Request) bool { return r.URL.Query().Has("token") }})
		for accept, body := range map[string]string{
			asJSON: `{"status":"unhealthy"}` + "\n",
			asIETF: `{"status":"fail"}` + "\n",
			asText: "readyz check failed\n",
		} {
			for _, query := range []string{"?verbose", "?exclude=tenant", "?exclude=nobody"} {
				got := get(handler, "/readyz"+query, accept)
				require.Equal(t, 503, got.code)
				require.Equal(t, body, got.body)
				require.Empty(t, got.header.Get("Warning"))
			}
			require.Equal(t, 200, get(handler, "/readyz?token&exclude=tenant&exclude=orders", accept).code)
			require.Contains(t, get(handler, "/readyz?token&verbose", accept).body, "tenant")
			require.Contains(t, get(handler, "/readyz?token&verbose", accept).body, "secret")
		}
		got := get(handler, "/health?verbose", asPrometheus).body
		require.Contains(t, got, "understudy_health_status{status=\"unhealthy\"} 1\n")
		require.NotContains(t, got, "understudy_check")
		for _, path := range []string{"/readyz/tenant", "/health/storage", "/readyz/nobody"} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				r, _ := http.NewRequest(method, path, nil)
				require.Equal(t, 404, serve(handler, r).code, "%s %s", method, path)
			}
		}
		require.Equal(t, 503, get(handler, "/readyz/tenant?token").code)
		require.Equal(t, "ok", get(handler, "/livez").body)
	})
}

// odd are names that a terminal would obey, or that would break a line.
var odd = []string{"a\nb", "a\rb", "a\x1b[2Jb", "a\x7fb", "a\u009b2Jb", "a\u202eb", "a\U000e0001b", "a\u2028b"}

// Promise (Health over HTTP and gRPC): No page and no header holds a character that breaks a line or that a terminal obeys.
func TestPagesArePrintable(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		for _, name := range odd {
			register(t, s, name, api.CheckConfig{Groups: []string{"ready", name}}, degraded(name, api.Details{name: name, "list": []string{name}}))
		}
		synctest.Wait()
		handler := with(t, s, api.HandlerConfig{ShowDetails: api.Always})
		for _, accept := range formats {
			got := get(handler, "/health?verbose&exclude=%1b%0a%c2%9b", accept)
			for _, text := range append(got.header["Warning"], got.body) {
				at := strings.IndexFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsPrint(r) })
				require.Equal(t, -1, at, "%s: %q", accept, text)
			}
			for line := range strings.Lines(got.body) {
				require.False(t, strings.HasPrefix(line, "b"), "%s: a forged line: %q", accept, line)
			}
		}
		require.Contains(t, get(handler, "/health", asJSON).body, `"a\u009b2Jb"`)
		require.Contains(t, get(handler, "/health", asJSON).body, `"a\udb40\udc01b"`)
	})
}
