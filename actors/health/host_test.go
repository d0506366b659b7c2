package health

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
)

// inHost runs fn in a bubble with a runtime, and stops that after.
func inHost(t *testing.T, fn func(t *testing.T, h *ownertest.Host)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := ownertest.New()
		defer func() {
			h.Shutdown()
			time.Sleep(time.Minute) // runs in flight return
		}()
		fn(t, h)
	})
}

// logbook keeps what is logged.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// logTo returns what is logged in h from now on.
func logTo(h *ownertest.Host) *logbook {
	l := &logbook{}
	h.Log = slog.New(slog.NewTextHandler(l, nil))
	return l
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// only returns the only line, once everybody is idle.
func (l *logbook) only(t *testing.T) string {
	t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Equal(t, 1, strings.Count(l.buf.String(), "\n"), l.buf.String())
	return l.buf.String()
}
