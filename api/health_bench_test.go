package api

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

// nowhere is a ResponseWriter that keeps nothing.
type nowhere struct{ header http.Header }

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n *nowhere) WriteHeader(int)             {}

func BenchmarkHealthEndpointOf1000Checks(b *testing.B) {
	s, err := Start(SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	defer func() { require.NoError(b, s.Shutdown(b.Context())) }()
	for i := range 1000 {
		require.NoError(b, s.Health().Register(fmt.Sprintf("check-%04d", i), CheckConfig{Interval: OnDemand}, fine))
	}
	s.Health().RunAll(b.Context())
	handler := s.Health().Handler()
	for _, path := range []string{"/readyz", "/health", "/readyz?verbose"} {
		b.Run(path, func(b *testing.B) {
			r, w := httptest.NewRequest("GET", path, nil), &nowhere{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				handler.ServeHTTP(w, r)
			}
		})
	}
}
