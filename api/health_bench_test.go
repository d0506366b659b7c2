package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// nowhere is a ResponseWriter that keeps nothing.
type nowhere struct{ header http.Header }

func newNowhere() *nowhere { return &nowhere{http.Header{}} }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(int)             {}

// endpoints is what is asked of 1,000 checks, and as which media type.
var endpoints = [][2]string{
	{"/livez", ""}, {"/readyz", ""}, {"/readyz?verbose", ""}, {"/readyz?exclude=check-0007", ""}, {"/readyz/check-0007", ""},
	{"/startupz?verbose", ""}, {"/health", ""}, {"/health", "application/health+json"}, {"/health?verbose", "text/plain"},
	{"/health", "text/plain;version=0.0.4"},
}

func request(endpoint [2]string) *http.Request {
	r := httptest.NewRequest("GET", endpoint[0], nil)
	if endpoint[1] != "" {
		r.Header.Set("Accept", endpoint[1])
	}
	return r
}

func benchmarkEndpoints(b *testing.B, between func(h *Health)) {
	s, err := Start(SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Shutdown(b.Context())) }()
	for i := range 1000 {
		require.NoError(b, s.Health().Register(fmt.Sprintf("check-%04d", i), CheckConfig{Interval: OnDemand}, fine))
	}
	s.Health().RunAll(b.Context())
	handler := s.Health().Handler()
	for _, endpoint := range endpoints {
		b.Run(endpoint[0]+" "+endpoint[1], func(b *testing.B) {
			r, w := request(endpoint), newNowhere()
			b.ReportAllocs()
			for b.Loop() {
				between(s.Health())
				handler.ServeHTTP(w, r)
			}
		})
	}
}

// Probes that come more often than results.
func BenchmarkHealthOf1000Checks(b *testing.B) { benchmarkEndpoints(b, func(*Health) {}) }

// The worst there is: between any two probes one of the checks has a new
// result. Its run, some microseconds, is in the figures.
func BenchmarkHealthOf1000ChecksANewResultEachTime(b *testing.B) {
	var n atomic.Uint64
	benchmarkEndpoints(b, func(h *Health) { h.Run(b.Context(), fmt.Sprintf("check-%04d", n.Add(1)%1000)) })
}

func BenchmarkHealthOf1000ChecksOneRun(b *testing.B) {
	s, err := Start(SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Shutdown(b.Context())) }()
	require.NoError(b, s.Health().Register("check", CheckConfig{Interval: OnDemand}, fine))
	for b.Loop() {
		s.Health().Run(b.Context(), "check")
	}
}
