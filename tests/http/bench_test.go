package http_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// nowhere is a ResponseWriter that discards what it gets.
type nowhere struct{ header http.Header }

func newNowhere() *nowhere { return &nowhere{http.Header{}} }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(int)             {}

// endpoint is a request for a page, and its Accept header.
type endpoint struct{ path, accept string }

func (e endpoint) request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, e.path, nil)
	if e.accept != "" {
		r.Header.Set("Accept", e.accept)
	}
	return r
}

// endpoints are the cached pages, and the page of one check.
var endpoints = []endpoint{
	{"/livez", ""}, {"/readyz", ""}, {"/readyz?verbose", ""}, {"/readyz/check-0007", ""}, {"/startupz?verbose", ""},
	{"/health", ""}, {"/health", asIETF}, {"/health?verbose", asText}, {"/health", asPrometheus},
}

func benchmarkEndpoints(b *testing.B, between func(h *api.Health)) {
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Shutdown(b.Context())) }()
	for i := range 1000 {
		require.NoError(b, s.Health().Register(fmt.Sprintf("check-%04d", i), onDemand, fine))
	}
	s.Health().RunAll(b.Context())
	handler := s.Health().Handler()
	for _, e := range append(endpoints[:len(endpoints):len(endpoints)], endpoint{"/readyz?exclude=check-0007", ""}) {
		b.Run(e.path+" "+e.accept, func(b *testing.B) {
			r, w := e.request(), newNowhere()
			b.ReportAllocs()
			for b.Loop() {
				between(s.Health())
				handler.ServeHTTP(w, r)
			}
		})
	}
}

// There is no new result between requests.
func BenchmarkHealthOf1000Checks(b *testing.B) { benchmarkEndpoints(b, func(*api.Health) {}) }

// The worst case: before each request one of the checks has a new result. The
// figures include its run, which takes some microseconds.
func BenchmarkHealthOf1000ChecksANewResultEachTime(b *testing.B) {
	var n atomic.Uint64
	benchmarkEndpoints(b, func(h *api.Health) { h.Run(b.Context(), fmt.Sprintf("check-%04d", n.Add(1)%1000)) })
}

// Snapshot and Status are computed for each call.
func BenchmarkHealthOf1000ChecksInGo(b *testing.B) {
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Shutdown(b.Context())) }()
	for i := range 1000 {
		require.NoError(b, s.Health().Register(fmt.Sprintf("check-%04d", i), onDemand, fine))
	}
	s.Health().RunAll(b.Context())
	b.Run("Snapshot", func(b *testing.B) {
		for b.Loop() {
			s.Health().Snapshot()
		}
	})
	b.Run("Status", func(b *testing.B) {
		for b.Loop() {
			s.Health().Status()
		}
	})
}

func BenchmarkHealthOf1000ChecksOneRun(b *testing.B) {
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Shutdown(b.Context())) }()
	require.NoError(b, s.Health().Register("check", onDemand, fine))
	for b.Loop() {
		s.Health().Run(b.Context(), "check")
	}
}
