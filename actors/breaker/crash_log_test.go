package breaker

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// deafHost has a log that panics.
type deafHost struct{ *host }

func (deafHost) Logger() *slog.Logger { panic("no log") }

// The asker was answered only after the log was written: a log that panicked
// left it waiting until the shutdown.
func TestACrashAnswersItsAskerEvenIfTheLogPanics(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, host *host, h *Handle) {
		require.NoError(t, fail(h))
		h.shared.Host = deafHost{host}
		host.poison.Store(true)
		_, err := h.Stats()
		require.ErrorIs(t, err, messages.ErrCrashed)
		require.Equal(t, uint64(1), stats(t, h).Failures)
	})
}
