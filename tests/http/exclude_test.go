package http_test

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health over HTTP and gRPC): Checks in ?exclude are left out of every format. A name that does not exist causes a warning.
func TestHealthExcludedChecksAreInNoFormat(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		mixed(t, s)
		register(t, s, "first", api.CheckConfig{}, failing("no"))
		synctest.Wait()
		for _, accept := range formats {
			got := get(s.Health().Handler(), "/readyz?verbose", accept)
			require.Equal(t, accept != asPrometheus, got.code == 503)
			require.Contains(t, got.body, "first")
			got = get(s.Health().Handler(), "/readyz?verbose&exclude=first&exclude=cache", accept)
			require.Equal(t, 200, got.code, "its failure does not count")
			require.NotContains(t, got.body, "first")
			require.NotContains(t, got.body, "cache")
			require.Contains(t, got.body, "db")
			got = get(s.Health().Handler(), "/readyz?verbose&exclude=first&exclude=cache&exclude=db", accept)
			require.NotContains(t, got.body, "db")
			if accept == asJSON {
				require.Contains(t, got.body, `"status":"healthy"`)
				require.Contains(t, got.body, `"checks":[]`)
			}
		}
	})
}

// Promise (Health over HTTP and gRPC): Checks in ?exclude are left out of every format. A name that does not exist causes a warning.
func TestHealthWarnsOfUnknownNamesToExclude(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		mixed(t, s)
		for _, row := range []struct{ query, want string }{
			{"exclude=cache", ""},
			{"exclude=cache&exclude=zoo&exclude=ape&exclude=zoo", "no check to exclude named ape, zoo"},
			{"exclude=%0a", `no check to exclude named "\n"`},
			{"exclude=%ff", "no check to exclude named \uFFFD"},
			{"exclude=" + strings.Repeat("x", 80), "no check to exclude named " + strings.Repeat("x", 80)},
			{"exclude=" + url.QueryEscape("x"+strings.Repeat("ü", 1000)), "no check to exclude named x" + strings.Repeat("ü", 39) + "..."},
			{"exclude=a&exclude=b&exclude=c&exclude=d&exclude=e&exclude=f&exclude=g&exclude=h&exclude=i&exclude=j&exclude=k&exclude=l",
				"no check to exclude named a, b, c, d, e, f, g, h, i, j, and 2 more"},
		} {
			for _, accept := range []string{asJSON, asIETF, asText} {
				got := get(s.Health().Handler(), "/readyz?verbose&"+row.query, accept)
				require.Equal(t, 200, got.code)
				warning := ""
				if row.want != "" {
					warning = "199 - " + strconv.QuoteToASCII(row.want)
				}
				require.Equal(t, warning, got.header.Get("Warning"))
				if !strings.Contains(row.query, "exclude=cache") {
					require.Equal(t, get(s.Health().Handler(), "/readyz?verbose", accept).body, got.body, "it is the page without ?exclude")
				}
			}
		}
	})
}
