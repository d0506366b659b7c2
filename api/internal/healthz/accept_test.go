package healthz

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// Promise (Health over HTTP and gRPC): Accept chooses the format.
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
		{"application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5," +
			"text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", "readyz", formatPrometheus},
		{";;;,,/;q=x", "health", formatJSON},
		{"application/json;q=9e9", "readyz", formatText},
	} {
		require.Equal(t, row.want, choose([]string{row.accept}, row.endpoint), row.accept)
	}
}

// FuzzAccept: the format does not depend on how a list is split into headers, nor
// on upper and lower case. Unknown media types change nothing.
//
// Promise (Health over HTTP and gRPC): Any Accept header chooses one format, however it is split or capitalised.
func FuzzAccept(f *testing.F) {
	f.Add("application/json", "text/plain;q=0.5")
	f.Add("*/*", "application/*;q=1e-3")
	f.Add("text/plain;version=0.0.4;q=0.2", "application/health+json; q=\"0.3\"")
	f.Add(";,;q=NaN", "*/*;q=-1")
	f.Fuzz(func(t *testing.T, a, b string) {
		for _, endpoint := range []string{"health", "livez", "readyz", "startupz"} {
			chosen := choose([]string{a + "," + b}, endpoint)
			require.LessOrEqual(t, chosen, formatPrometheus)
			require.Equal(t, chosen, choose([]string{a, b}, endpoint))
			require.Equal(t, chosen, choose([]string{"image/png", a, "", b, "application/json;q=0"}, endpoint))
			if strings.IndexFunc(a, func(r rune) bool { return r >= utf8.RuneSelf }) < 0 { // there are letters whose upper case is ASCII
				require.Equal(t, choose([]string{a}, endpoint), choose([]string{strings.ToUpper(a)}, endpoint))
			}
			require.Equal(t, choose(slices.Repeat([]string{a}, 2), endpoint), choose([]string{a}, endpoint))
		}
	})
}
