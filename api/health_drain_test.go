package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Promise (Health over HTTP and gRPC): Drain turns the ready page to 503, waits, lets work in flight finish, and shuts down; a second signal skips the wait.
func TestDrainInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		s, err := Start(SystemConfig{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		h := s.Health()
		require.NoError(t, h.Register("db", CheckConfig{}, fine))
		synctest.Wait()
		probe := func(path string) string {
			_, _, body := get(h.Handler(), "GET", path)
			return body
		}
		require.Equal(t, "ok", probe("/readyz"))
		began := time.Now()
		finished := false
		late := errors.New("late")
		go func() {
			time.Sleep(time.Second)
			require.False(t, finished, "it waits first")
			require.Equal(t, "[+]db ok\n[-]shutdown failed: draining\nreadyz check failed\n", probe("/readyz"))
			require.Equal(t, "ok", probe("/livez"))
			require.Equal(t, "ok", probe("/readyz/db"), "the check itself is well")
			require.True(t, h.Snapshot("ready").Draining)
			require.Contains(t, probe("/health"), `"draining":true`)
		}()
		err = s.Drain(t.Context(), 5*time.Second, func(context.Context) error {
			require.Equal(t, 5*time.Second, time.Since(began))
			require.NoError(t, h.Register("x", CheckConfig{}, fine), "not shut down yet")
			finished = true
			return late
		})
		require.True(t, finished)
		require.Equal(t, late.Error(), err.Error())
		require.ErrorIs(t, h.Register("y", CheckConfig{}, fine), ErrShutdown)
		code, _, _ := get(h.Handler(), "GET", "/readyz")
		require.Equal(t, 503, code)
		said := strings.Join(regexp.MustCompile(`msg="Drain[^"]*"`).FindAllString(log.String(), -1), " ")
		require.Equal(t, `msg="Drain: readiness says 503" msg="Drain: letting work in flight finish" msg="Drain: shutting down" msg="Drain: done"`, said)
	})
}

// Promise (Health over HTTP and gRPC): Drain turns the ready page to 503, waits, lets work in flight finish, and shuts down; a second signal skips the wait.
func TestDrainSkipsTheDelayOnASecondSignal(t *testing.T) {
	for _, row := range []struct {
		second, cancelled bool
		takes             time.Duration
	}{
		{false, false, 10 * time.Second},
		{true, false, time.Second},
		{false, true, 10 * time.Second}, // the end of ctx is a first signal
	} {
		synctest.Test(t, func(t *testing.T) {
			s, err := Start(SystemConfig{Logger: slog.New(slog.DiscardHandler)})
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			signals := make(chan os.Signal, 2)
			if row.cancelled {
				cancel()
			} else {
				signals <- syscall.SIGTERM
			}
			began := time.Now()
			if row.second {
				go func() { time.Sleep(time.Second); signals <- syscall.SIGTERM }()
			}
			alive := func(ctx context.Context) error { return ctx.Err() }
			cfg := DrainConfig{Delay: 10 * time.Second, Limit: time.Second, Finish: []func(context.Context) error{alive}}
			require.NoError(t, s.drainOn(ctx, cfg, signals))
			require.Equal(t, row.takes, time.Since(began))
		})
	}
}

// The point here is the real signal, the real server and the request in flight.
//
// Promise (Health over HTTP and gRPC): Drain turns the ready page to 503, waits, lets work in flight finish, and shuts down; a second signal skips the wait.
func TestDrainLetsARequestInFlightFinish(t *testing.T) {
	s, err := Start(SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	breaker, err := s.Breaker("db", BreakerConfig{})
	require.NoError(t, err)
	retry, err := s.Retry("db", RetryConfig{InitialDelay: time.Millisecond})
	require.NoError(t, err)
	arrived := make(chan struct{})
	guarded := Wrap(Compose(retry, breaker), func(ctx context.Context) (string, error) {
		if Attempt(ctx) == 1 {
			close(arrived)
			<-s.Health().Draining()
			return "", errors.New("try again")
		}
		return "served", nil
	})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, err := guarded(r.Context())
		_, _ = fmt.Fprint(w, answer, err)
	}))
	defer server.Close()
	body := make(chan string)
	go func() {
		resp, err := server.Client().Get(server.URL)
		if err != nil {
			body <- err.Error()
			return
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		body <- string(text)
	}()
	<-arrived
	ended := make(chan error)
	quit := make(chan os.Signal, 1)
	quit <- syscall.SIGTERM
	go func() {
		ended <- s.drainOn(t.Context(), DrainConfig{Delay: 1, Limit: 10 * time.Second,
			Finish: []func(context.Context) error{server.Config.Shutdown}}, quit)
	}()
	require.Equal(t, "served<nil>", <-body, "all its attempts were made")
	require.NoError(t, <-ended)
}

// Promise (Health over HTTP and gRPC): Drain refuses invalid settings and then does nothing.
func TestDrainRefusesBadSettings(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, _ *Health) {
		var none context.Context
		for field, err := range map[string]error{
			"ctx":    s.Drain(none, 0),
			"Delay":  s.Drain(t.Context(), -1),
			"Finish": s.Drain(t.Context(), 0, nil),
			"Limit":  s.DrainOnSignal(t.Context(), DrainConfig{Limit: -1}),
		} {
			var bad *ConfigError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, field, bad.Field)
		}
		require.False(t, s.Health().Snapshot().Draining, "nothing was done")
	})
}
