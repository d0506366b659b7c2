package clients

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	understudy "github.com/understudy-go/understudy/api"
)

// The servers end before goleak looks for goroutines.
func TestMain(m *testing.M) { goleak.VerifyTestMain(thenEndServers{m}) }

type thenEndServers struct{ *testing.M }

func (m thenEndServers) Run() int {
	defer endPostgres()
	return m.M.Run()
}

var errBoom = errors.New("boom")

// long is a limit for what must not be cut short.
const long = time.Minute

// short is a limit for what hangs: nothing that hangs ends before it.
const short = 100 * time.Millisecond

// start starts a system, and shuts it down when the test ends.
func start(t *testing.T) *understudy.System {
	t.Helper()
	s, err := understudy.Start(understudy.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), long)
		defer cancel()
		require.NoError(t, s.Shutdown(ctx))
	})
	return s
}

// breaker makes a breaker that three failures in a row open.
func breaker(t *testing.T, s *understudy.System, cfg understudy.BreakerConfig) *understudy.Breaker {
	t.Helper()
	cfg.FailureThreshold, cfg.TrialTimeout = 3, long
	b, err := s.Breaker("dependency", cfg)
	require.NoError(t, err)
	return b
}

// counts returns the statistics of a breaker, of which tests look at the counts.
func counts(t *testing.T, b *understudy.Breaker) understudy.BreakerStats {
	t.Helper()
	stats, err := b.Stats()
	require.NoError(t, err)
	return stats
}

// reaches returns a channel that is closed when a breaker of the system reaches the state.
func reaches(t *testing.T, s *understudy.System, state understudy.State) <-chan struct{} {
	t.Helper()
	reached, done := context.WithCancel(context.Background())
	t.Cleanup(s.Subscribe(func(e understudy.Event) {
		if changed, ok := e.(understudy.BreakerChanged); ok && changed.To == state {
			done()
		}
	}))
	t.Cleanup(done)
	return reached.Done()
}
