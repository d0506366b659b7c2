package badinput

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/api"
)

// TestMain starts the goroutine that package os/signal keeps for ever. If it
// started in a bubble, the bubble could not end.
func TestMain(m *testing.M) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	signal.Stop(signals)
	goleak.VerifyTestMain(m)
}

var errBoom = errors.New("boom")

// start starts a system that is shut down when the test ends.
func start(t *testing.T) *api.System {
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	return s
}
