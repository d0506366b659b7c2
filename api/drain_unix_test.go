//go:build unix

package api

import (
	"log/slog"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Promise (Health over HTTP and gRPC): Drain turns the ready page to 503, waits, lets work in flight finish, and shuts down.
func TestDrainOnARealSignal(t *testing.T) {
	s, err := Start(SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	ended := make(chan error)
	// The Go runtime sends SIGURG itself, so one that arrives too early is harmless.
	go func() {
		ended <- s.DrainOnSignal(t.Context(), DrainConfig{Delay: 1, Signals: []os.Signal{syscall.SIGURG}})
	}()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			require.NoError(t, err)
			require.True(t, s.Health().Snapshot().Draining)
			return
		case <-tick.C:
			require.NoError(t, syscall.Kill(os.Getpid(), syscall.SIGURG))
		}
	}
}
