package api

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Promise (Health): The supervisor restarts a check that panics, with back-off.
func TestHealthPanicRestartsWithBackoff(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		var runs atomic.Int32
		check := func(context.Context) (Details, error) {
			if runs.Add(1) <= 3 {
				panic("no route")
			}
			return nil, nil
		}
		require.NoError(t, h.Register("db", CheckConfig{}, check))
		time.Sleep(500 * time.Millisecond)
		r := h.Run(t.Context(), "db")
		require.Equal(t, "UNHEALTHY panicked: no route", r.Status.String()+" "+r.Message)
		time.Sleep(30 * time.Second)
		r = h.Run(t.Context(), "db")
		require.Equal(t, Healthy, r.Status)
		require.Equal(t, 3, r.Restarts)
	})
}

// Promise (Health): Deregister forgets a check and frees its name.
func TestHealthDeregisterFreesTheName(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		release := make(chan struct{})
		cancelled := make(chan struct{})
		check := func(ctx context.Context) (Details, error) {
			<-ctx.Done()
			close(cancelled)
			<-release
			return nil, nil
		}
		require.NoError(t, h.Register("db", CheckConfig{}, check))
		synctest.Wait()
		require.NoError(t, h.Deregister("db"))
		<-cancelled
		require.Empty(t, h.Snapshot().Checks)
		require.Equal(t, "Check 'db' not found", h.Run(t.Context(), "db").Message)
		require.NoError(t, h.Register("db", CheckConfig{}, fine))
		require.Equal(t, Healthy, h.Run(t.Context(), "db").Status)

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.Equal(t, []string{"db"}, h.shutdown(ctx), "it still runs, although deregistered")
		close(release)
		require.Empty(t, h.shutdown(t.Context()))
	})
}

// Promise (System, events, logs and errors): Shutdown cancels running checks, and its error names those that do not return.
func TestHealthShutdownNamesTheStuck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Start(SystemConfig{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		h := s.Health()
		release := make(chan struct{})
		var runs atomic.Int32
		require.NoError(t, h.Register("blocking", CheckConfig{}, func(context.Context) (Details, error) { <-release; return nil, nil }))
		require.NoError(t, h.Register("well-behaved", CheckConfig{}, func(ctx context.Context) (Details, error) {
			if runs.Add(1) == 1 {
				return Details{"rows": 3}, nil
			}
			<-ctx.Done()
			return nil, ctx.Err()
		}))
		synctest.Wait()
		asked := make(chan CheckResult, 1)
		go func() { asked <- h.Run(context.Background(), "well-behaved") }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err = s.Shutdown(ctx)
		require.ErrorContains(t, err, "blocking")
		require.NotContains(t, err.Error(), "well-behaved")
		r := <-asked
		require.Equal(t, "UNKNOWN not finished: the system is shut down", r.Status.String()+" "+r.Message)

		require.ErrorIs(t, h.Register("new", CheckConfig{}, fine), ErrShutdown)
		require.ErrorIs(t, h.Deregister("blocking"), ErrShutdown)
		require.Contains(t, h.Run(t.Context(), "well-behaved").Message, ErrShutdown.Error())
		last := h.Snapshot()
		require.Equal(t, Details{"rows": 3}, last.Checks[1].Details, "the last results stay")
		require.Equal(t, Healthy, last.Checks[1].Status)
		close(release)
		require.NoError(t, s.Shutdown(context.Background()))
	})
}
