package http_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health over HTTP and gRPC): Drain turns the ready page to 503, waits, lets work in flight finish, and shuts down.
func TestDrainInOrder(t *testing.T) {
	var log bytes.Buffer
	bubbleWith(t, api.SystemConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))}, func(t *testing.T, s *api.System) {
		h := s.Health()
		register(t, s, "db", api.CheckConfig{}, fine)
		synctest.Wait()
		probe := func(path string) string { return get(h.Handler(), path).body }
		require.Equal(t, "ok", probe("/readyz"))
		began := time.Now()
		finished := false
		late := errors.New("late")
		go func() {
			time.Sleep(time.Second)
			require.False(t, finished, "it waits first")
			require.Equal(t, "[+]db ok\n[-]shutdown failed: draining\nreadyz check failed\n", probe("/readyz"))
			require.True(t, h.Snapshot("ready").Draining)
		}()
		err := s.Drain(t.Context(), 5*time.Second, func(context.Context) error {
			require.Equal(t, 5*time.Second, time.Since(began))
			require.NoError(t, h.Register("x", api.CheckConfig{}, fine), "not shut down yet")
			finished = true
			return late
		})
		require.True(t, finished)
		require.Equal(t, late.Error(), err.Error())
		require.ErrorIs(t, h.Register("y", api.CheckConfig{}, fine), api.ErrShutdown)
		require.Equal(t, 503, get(h.Handler(), "/readyz").code)
		said := strings.Join(regexp.MustCompile(`msg="Drain[^"]*"`).FindAllString(log.String(), -1), " ")
		require.Equal(t, `msg="Drain: readiness says 503" msg="Drain: letting work in flight finish" msg="Drain: shutting down" msg="Drain: done"`, said)
	})
}

// Promise (Health over HTTP and gRPC): Drain turns the ready page to 503, waits, lets work in flight finish, and shuts down.
func TestDrainingInEveryFormat(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "db", api.CheckConfig{}, fine)
		synctest.Wait()
		look := func(draining bool) {
			for accept, want := range map[string]string{
				asJSON:       `"draining":true`,
				asIETF:       `"output":"draining"`,
				asText:       "[-]shutdown failed: draining\n",
				asPrometheus: "understudy_health_draining 1\n",
			} {
				for _, path := range []string{"/readyz", "/health/ready", "/readyz?exclude="} {
					got := get(s.Health().Handler(), path, accept)
					if accept != asPrometheus {
						require.Equal(t, draining, got.code == 503, "%s %s", path, accept)
					}
					require.Equal(t, draining, strings.Contains(got.body, want), "%s %s", path, accept)
					require.NotContains(t, got.body, "unhealthy\"} 1", "draining is not failing")
				}
			}
			require.Equal(t, 200, get(s.Health().Handler(), "/health").code)
			require.Equal(t, "ok", get(s.Health().Handler(), "/livez").body)
			require.Equal(t, "ok", get(s.Health().Handler(), "/readyz/db").body, "the check itself is HEALTHY")
		}
		look(false)
		require.NoError(t, s.Drain(t.Context(), 0, func(context.Context) error { look(true); return nil }))
		look(true)
	})
}
