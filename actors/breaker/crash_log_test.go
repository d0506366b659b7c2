package breaker

import (
	"context"
	"log/slog"
	"sync"
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

// lockedHost has a log that waits for a lock.
type lockedHost struct {
	*host
	log *slog.Logger
}

func (h lockedHost) Logger() *slog.Logger { return h.log }

type lockedLog struct {
	slog.Handler
	lock *sync.Mutex
}

func (l lockedLog) Enabled(context.Context, slog.Level) bool { return true }

func (l lockedLog) Handle(context.Context, slog.Record) error {
	l.lock.Lock()
	defer l.lock.Unlock()
	return nil
}

// The goroutine that runs the owner may be a caller's, and hold a lock that its
// log needs: it must not wait for the log.
func TestACrashIsNotLoggedByWhoeverRunsTheOwner(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, host *host, h *Handle) {
		require.NoError(t, fail(h))
		var lock sync.Mutex
		h.shared.Host = lockedHost{host, slog.New(lockedLog{slog.DiscardHandler, &lock})}
		lock.Lock()
		require.PanicsWithValue(t, "a bug", func() {
			o := owner{host.core}
			defer o.crashed(nil)
			panic("a bug")
		})
		lock.Unlock()
	})
}
