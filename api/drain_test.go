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
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Promise (Health over HTTP and gRPC): Drain turns the ready page to 503, waits, lets work in flight finish, and shuts down.
// Promise (Health over HTTP and gRPC): A second signal skips the delay of a drain, and the third ends the process. Signals less than a second apart are one.
func TestDrainCountsSignals(t *testing.T) {
	for name, row := range map[string]struct {
		signals         []time.Duration // when they arrive
		cancelled       bool            // the end of ctx is the first signal
		stops           time.Duration   // when the server stops; 0: it does not
		finishes, ended time.Duration   // when Finish is called; when the signals end the process, 0: never
	}{
		"one":                       {signals: []time.Duration{0}, finishes: 10 * time.Second},
		"the end of ctx":            {cancelled: true, finishes: 10 * time.Second},
		"two at once":               {signals: []time.Duration{0, time.Millisecond}, finishes: 10 * time.Second},
		"ctx and a signal at once":  {signals: []time.Duration{time.Millisecond}, cancelled: true, finishes: 10 * time.Second},
		"two":                       {signals: []time.Duration{0, time.Second}, finishes: time.Second, ended: 2 * time.Second},
		"a second after the delay":  {signals: []time.Duration{0, 12 * time.Second}, finishes: 10 * time.Second, ended: 13 * time.Second},
		"ctx and a signal":          {signals: []time.Duration{2 * time.Second}, cancelled: true, finishes: 2 * time.Second, ended: 3 * time.Second},
		"many":                      {signals: []time.Duration{0, 600 * time.Millisecond, 1200 * time.Millisecond, 1800 * time.Millisecond}, finishes: 1200 * time.Millisecond, ended: 2200 * time.Millisecond},
		"the server stops":          {stops: 7 * time.Second, finishes: 7 * time.Second},
		"it stops during the delay": {signals: []time.Duration{0}, stops: 3 * time.Second, finishes: 3 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, err := Start(SystemConfig{Logger: slog.New(slog.DiscardHandler)})
				require.NoError(t, err)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if row.cancelled {
					cancel()
				}
				began, ended := time.Now(), atomic.Int64{}
				signals := make(chan os.Signal, 2)
				server, stopped := context.WithCancelCause(context.Background())
				defer stopped(nil)
				for _, at := range row.signals {
					time.AfterFunc(at, func() { signals <- syscall.SIGTERM })
				}
				if row.stops > 0 {
					time.AfterFunc(row.stops, func() { stopped(http.ErrServerClosed) })
				}
				slow := func(ctx context.Context) error {
					require.Equal(t, row.finishes, time.Since(began))
					time.Sleep(20 * time.Second) // it ignores its ctx
					return ctx.Err()
				}
				cfg := DrainConfig{Delay: 10 * time.Second, Limit: time.Second, Finish: []func(context.Context) error{slow}}
				err = s.drainOn(ctx, cfg, ending{signals, server, func() { ended.Store(int64(time.Since(began))) }})
				require.ErrorIs(t, err, context.DeadlineExceeded, "the limit had passed")
				require.Equal(t, row.finishes+20*time.Second, time.Since(began))
				require.Equal(t, row.ended, time.Duration(ended.Load()))
			})
		})
	}
}

// handMade is a ctx that is done and has no error.
type handMade struct{ context.Context }

func (handMade) Done() <-chan struct{} { done := make(chan struct{}); close(done); return done }
func (handMade) Err() error            { return nil }

// Promise (Health over HTTP and gRPC): Drain turns the ready page to 503, waits, lets work in flight finish, and shuts down.
func TestDrainAtTheEndOfAHandMadeCtx(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, _ *Health) {
		end := ending{server: context.Background()}
		require.NoError(t, s.drainOn(handMade{t.Context()}, DrainConfig{Delay: 1, Limit: time.Second}, end))
	})
}

// The server and the request in flight are real here.
//
// Promise (Health over HTTP and gRPC): Drain turns the ready page to 503, waits, lets work in flight finish, and shuts down.
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
			Finish: []func(context.Context) error{server.Config.Shutdown}}, ending{signals: quit, server: context.Background()})
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
			"server": s.Serve(t.Context(), nil, DrainConfig{}),
		} {
			var bad *ConfigError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, field, bad.Field)
		}
		require.False(t, s.Health().Snapshot().Draining, "nothing was done")
	})
}
