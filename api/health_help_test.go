package api

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// withHealth runs fn in a bubble with a System, and shuts that down after.
func withHealth(t *testing.T, fn func(t *testing.T, s *System, h *Health)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Start(SystemConfig{Version: "3.1.0", Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Shutdown(context.Background())) }()
		fn(t, s, s.Health())
	})
}

func fine(context.Context) (Details, error) { return nil, nil }

func failing(message string) Check {
	return func(context.Context) (Details, error) { return nil, errors.New(message) }
}

func get(h http.Handler, method, path string) (code int, header http.Header, body string) {
	return serve(h, httptest.NewRequest(method, path, nil))
}

// ask gets a path as a media type.
func ask(h http.Handler, path, accept string) (code int, header http.Header, body string) {
	r := httptest.NewRequest("GET", path, nil)
	r.Header.Set("Accept", accept)
	return serve(h, r)
}

func serve(h http.Handler, r *http.Request) (code int, header http.Header, body string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	read, _ := io.ReadAll(w.Result().Body)
	return w.Code, w.Result().Header, string(read)
}

// mixed registers checks of every kind, and waits for their first results.
func mixed(t *testing.T, h *Health) {
	slow := func(context.Context) (Details, error) { return Details{"lag": 3}, Degrade("lag of secret-host") }
	require.NoError(t, h.Register("cache", CheckConfig{Optional: true}, failing("dial secret-host: refused")))
	require.NoError(t, h.Register("db", CheckConfig{Groups: []string{"ready", "storage"}}, fine))
	require.NoError(t, h.Register("db/replica", CheckConfig{Groups: []string{"storage"}}, slow))
	require.NoError(t, h.Register("loop", CheckConfig{Groups: []string{"live"}}, fine))
	synctest.Wait()
}
