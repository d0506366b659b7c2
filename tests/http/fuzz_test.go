package http_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// FuzzHealthEndpoints sends any request to checks with any names and messages. The
// status must be a documented one, the page must fit its Content-Type, the headers
// must be short, and HEAD must answer like GET.
//
// Promise (Health over HTTP and gRPC): Any request gets a documented status code and a page that fits its Content-Type.
func FuzzHealthEndpoints(f *testing.F) {
	for _, path := range []string{"/health", "/livez", "/readyz/x", "/startupz", "/x/health/ready", "/health/../livez", "//", "/readyz/"} {
		for _, accept := range []string{"", "application/json", "application/health+json", "text/plain", "text/plain;version=0.0.4"} {
			f.Add(path, "verbose&exclude=x&exclude=nobody", accept, "x", "down", "lag", "3 s", uint8(0))
		}
	}
	f.Add("/health/\xff", "verbose=%zz;;&exclude=%00", "*/*;q=NaN", "\xff\"\\\n", "\x1b[2J", "\x00", "\xfe", uint8(1))
	f.Add("/readyz", "exclude=a,b", "text/html;q=0.9, */*;q=0.1", "health", "", "", "", uint8(6))
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, s.Shutdown(context.Background())) })
	shown, err := s.Health().HandlerWith(api.HandlerConfig{ShowDetails: api.Always})
	require.NoError(f, err)
	handlers := []http.Handler{s.Health().Handler(), shown}

	f.Fuzz(func(t *testing.T, path, query, accept, name, message, key, value string, kind uint8) {
		err := s.Health().Register(name, api.CheckConfig{Interval: api.OnDemand, Groups: []string{"live", "ready", "x" + key}}, func(context.Context) (api.Details, error) {
			details := api.Details{key: value, "raw": json.RawMessage(value), value: []any{key, 1i}}
			return details, []error{nil, errors.New(message), api.Degrade(message)}[kind%3]
		})
		if err != nil {
			require.ErrorIs(t, err, api.ErrConfig)
			require.False(t, isName(name) && isName("x"+key), "a good name was refused")
			return
		}
		s.Health().Run(context.Background(), name)
		request := &http.Request{Method: http.MethodGet, URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{"Accept": {accept}}}
		got := answer(t, handlers[kind/3%2], request)
		request.Method = http.MethodHead
		head := answer(t, handlers[kind/3%2], request)
		require.Equal(t, got.Code, head.Code)
		require.Equal(t, got.Header().Get("Content-Type"), head.Header().Get("Content-Type"))
		require.True(t, got.Code == http.StatusNotFound || head.Body.Len() == 0)
		request.Method = http.MethodPost
		require.Contains(t, []int{http.StatusNotFound, http.StatusMethodNotAllowed}, answer(t, handlers[0], request).Code)
		require.NoError(t, s.Health().Deregister(name))
	})
}

func isName(text string) bool { return text != "" && len(text) <= 255 && utf8.ValidString(text) }

// answer returns the response of h to a request, and requires that it is valid.
func answer(t *testing.T, h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	require.Contains(t, []int{200, 404, 405, 503}, w.Code)
	require.True(t, utf8.Valid(w.Body.Bytes()), "%q", w.Body)
	size := 0
	for name, values := range w.Header() {
		text := strings.Join(values, "")
		size += len(name) + len(text)
		require.False(t, strings.ContainsAny(text, "\r\n\x00"), "%s: %q", name, text)
	}
	require.Less(t, size, 8<<10)
	if w.Code == 404 || w.Code == 405 || r.Method == http.MethodHead {
		return w
	}
	require.Contains(t, []string{"", fmt.Sprint(w.Body.Len())}, w.Header().Get("Content-Length"))
	switch kind := w.Header().Get("Content-Type"); kind {
	case "application/json", "application/health+json":
		var page struct {
			Status string          `json:"status"`
			Checks json.RawMessage `json:"checks"`
		}
		require.NoError(t, json.Unmarshal(w.Body.Bytes(), &page), "%q", w.Body)
		require.NotEmpty(t, page.Status)
		require.NotEmpty(t, page.Checks)
	case "text/plain; version=0.0.4; charset=utf-8":
		for line := range strings.Lines(w.Body.String()) {
			require.Regexp(t, metric, line)
		}
	case "text/plain; charset=utf-8":
		require.False(t, strings.ContainsAny(w.Body.String(), "\x00\r\x1b\x7f"), "%q", w.Body)
	default:
		t.Fatalf("a page of type %q", kind)
	}
	return w
}

// metric matches a line that Prometheus reads.
var metric = regexp.MustCompile(`^(# (HELP|TYPE) .*|[a-z_]+(\{([a-z]+="(\\[\\"n]|[^\\"\n])*",?)*\})? -?[0-9.e+-]+)\n$`)

// Promise (Health over HTTP and gRPC): Any request gets a documented status code and a page that fits its Content-Type.
func FuzzHealthRequest(f *testing.F) {
	f.Add("/readyz/db", "verbose&exclude=x", "text/plain;q=0.1")
	f.Add("//health//", "exclude=%zz", "*/*;q=nan")
	f.Add("/health/ready/\x00", ";", "text/plain;version=0.0.4,,")
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, s.Shutdown(context.Background())) })
	handler := s.Health().Handler()
	f.Fuzz(func(t *testing.T, path, query, accept string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		r.Header["Accept"] = []string{accept}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Contains(t, []int{200, 404}, w.Code, "without checks: 200 or not found")
	})
}
