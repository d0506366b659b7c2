// Package http_test tests health over HTTP, through package api alone.
package http_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/api"
)

func TestMain(m *testing.M) {
	if manner := os.Getenv(service); manner != "" {
		serveForSignals(manner)
		return
	}
	goleak.VerifyTestMain(m)
}

var onDemand = api.CheckConfig{Interval: api.OnDemand}

// bubble runs fn in virtual time with a new System, and shuts the System down.
func bubble(t *testing.T, fn func(t *testing.T, s *api.System)) {
	t.Helper()
	bubbleWith(t, api.SystemConfig{Version: "3.1.0"}, fn)
}

func bubbleWith(t *testing.T, cfg api.SystemConfig, fn func(t *testing.T, s *api.System)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if cfg.Logger == nil {
			cfg.Logger = slog.New(slog.DiscardHandler)
		}
		s, err := api.Start(cfg)
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Shutdown(context.Background())) }()
		fn(t, s)
	})
}

func fine(context.Context) (api.Details, error) { return nil, nil }

func failing(message string) api.Check {
	return func(context.Context) (api.Details, error) { return nil, errors.New(message) }
}

func degraded(message string, details api.Details) api.Check {
	return func(context.Context) (api.Details, error) { return details, api.Degrade(message) }
}

func register(t *testing.T, s *api.System, name string, cfg api.CheckConfig, check api.Check) {
	t.Helper()
	require.NoError(t, s.Health().Register(name, cfg, check))
}

// mixed registers checks of every kind and waits for their first results.
func mixed(t *testing.T, s *api.System) {
	t.Helper()
	register(t, s, "cache", api.CheckConfig{Optional: true}, failing("dial secret-host: refused"))
	register(t, s, "db", api.CheckConfig{Groups: []string{"ready", "storage"}}, fine)
	register(t, s, "db/replica", api.CheckConfig{Groups: []string{"storage"}}, degraded("lag of secret-host", api.Details{"lag": 3}))
	register(t, s, "loop", api.CheckConfig{Groups: []string{"live"}}, fine)
	synctest.Wait()
}

// with returns a handler with settings.
func with(t *testing.T, s *api.System, cfg api.HandlerConfig) http.Handler {
	t.Helper()
	h, err := s.Health().HandlerWith(cfg)
	require.NoError(t, err)
	return h
}

// reply is the response of a handler.
type reply struct {
	code   int
	header http.Header
	body   string
}

// get requests a path, with an Accept header if one is given.
func get(h http.Handler, path string, accept ...string) reply {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header["Accept"] = accept
	return serve(h, r)
}

func serve(h http.Handler, r *http.Request) reply {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	body, _ := io.ReadAll(w.Result().Body)
	return reply{w.Code, w.Result().Header, string(body)}
}

// The media types of the pages.
const (
	asJSON       = "application/json"
	asIETF       = "application/health+json"
	asText       = "text/plain"
	asPrometheus = "text/plain;version=0.0.4"
)

var formats = []string{asJSON, asIETF, asText, asPrometheus}
