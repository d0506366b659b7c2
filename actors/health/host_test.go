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

// inHost runs fn in a bubble with a host, and shuts the host down afterwards.
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

// logbook records what is logged.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// logTo makes h log to the logbook that it returns.
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

// only waits until all goroutines are idle, and returns the only line.
func (l *logbook) only(t *testing.T) string {
	t.Helper()
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Equal(t, 1, strings.Count(l.buf.String(), "\n"), l.buf.String())
	return l.buf.String()
}
