package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

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
			notDone := func(ctx context.Context) error { return ctx.Err() }
			cfg := DrainConfig{Delay: 10 * time.Second, Limit: time.Second, Finish: []func(context.Context) error{notDone}}
			require.NoError(t, s.drainOn(ctx, cfg, signals))
			require.Equal(t, row.takes, time.Since(began))
		})
	}
}

// The server and the request in flight are real here.
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
