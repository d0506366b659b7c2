package tests

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBoom = errors.New("boom")

func succeed(context.Context) error { return nil }
func fail(context.Context) error    { return errBoom }
func ignored(context.Context) error { return context.Canceled }

// bubble runs story in virtual time with a new system: a Sleep takes no real
// time, and the clock moves only while all goroutines wait. The system is shut
// down at the end, and no goroutine may be left.
func bubble(t *testing.T, story func(t *testing.T, s *api.System)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { story(t, start(t, api.SystemConfig{})) })
}

// logged is bubble with the log of the system.
func logged(t *testing.T, story func(t *testing.T, s *api.System, log *logbook)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		logger := slog.New(slog.NewJSONHandler(log, nil))
		story(t, start(t, api.SystemConfig{Logger: logger}), log)
	})
}

// start starts a system and shuts it down when the test ends.
func start(t *testing.T, cfg api.SystemConfig) *api.System {
	t.Helper()
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s, err := api.Start(cfg)
	require.NoError(t, err)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		require.NoError(t, s.Shutdown(ctx))
	})
	return s
}

// logbook keeps what a JSON handler writes.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// text waits until the bubble is idle and returns all that was written so far.
func (l *logbook) text() string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// lines returns all that was logged so far.
func (l *logbook) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for text := range strings.Lines(l.text()) {
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line))
		lines = append(lines, line)
	}
	return lines
}

// sentences returns "LEVEL message" of each line.
func (l *logbook) sentences(t *testing.T) []string {
	t.Helper()
	var out []string
	for _, line := range l.lines(t) {
		out = append(out, fmt.Sprint(line["level"], " ", line["msg"]))
	}
	return out
}

// find returns the only line of a level that contains text.
func (l *logbook) find(t *testing.T, level, text string) map[string]any {
	t.Helper()
	var found []map[string]any
	for _, line := range l.lines(t) {
		if line["level"] == level && strings.Contains(fmt.Sprint(line), text) {
			found = append(found, line)
		}
	}
	require.Len(t, found, 1, "lines at %s with %q in %v", level, text, l.sentences(t))
	return found[0]
}

// tape records events.
type tape struct {
	mu     sync.Mutex
	events []api.Event
}

func record(t *testing.T, s *api.System) *tape {
	tp := &tape{}
	t.Cleanup(s.Subscribe(tp.add))
	return tp
}

func (tp *tape) add(e api.Event) {
	tp.mu.Lock()
	defer tp.mu.Unlock()
	tp.events = append(tp.events, e)
}

// all waits until the bubble is idle and returns the events so far.
func (tp *tape) all() []api.Event {
	synctest.Wait()
	tp.mu.Lock()
	defer tp.mu.Unlock()
	return append([]api.Event(nil), tp.events...)
}

// only returns the recorded events of one type.
func only[E api.Event](tp *tape) []E {
	var out []E
	for _, e := range tp.all() {
		if e, ok := e.(E); ok {
			out = append(out, e)
		}
	}
	return out
}

// changes returns the recorded changes of breakers, each like "CLOSED>OPEN".
func changes(tp *tape) []string {
	var out []string
	for _, e := range only[api.BreakerChanged](tp) {
		out = append(out, e.From.String()+">"+e.To.String())
	}
	return out
}

// breaker makes the breaker "api".
func breaker(t *testing.T, s *api.System, cfg api.BreakerConfig) *api.Breaker {
	t.Helper()
	b, err := s.Breaker("api", cfg)
	require.NoError(t, err)
	return b
}

// stats returns the counts, without the last failure.
func stats(t *testing.T, b *api.Breaker) api.BreakerStats {
	t.Helper()
	st, err := b.Stats()
	require.NoError(t, err)
	st.LastFailure, st.LastFailureAt = nil, time.Time{}
	return st
}

func acquire(t *testing.T, b *api.Breaker) *api.Permit {
	t.Helper()
	p, err := b.Acquire(context.Background())
	require.NoError(t, err)
	return p
}

// play plays a script on a breaker. A word is a duration to wait, the state that
// the breaker must be in, or calls. Each letter of calls is one call: s is a
// success, f a failure, i ignored (cancelled), x refused; S and F take a second.
func play(t *testing.T, b *api.Breaker, script string) {
	t.Helper()
	for _, word := range strings.Fields(script) {
		if d, err := time.ParseDuration(word); err == nil {
			time.Sleep(d)
			continue
		}
		switch word {
		case "CLOSED", "OPEN", "HALF_OPEN":
			require.Equal(t, word, b.State().String(), "in %q", script)
			continue
		}
		for _, letter := range word {
			playCall(t, b, letter, script)
		}
	}
}

func playCall(t *testing.T, b *api.Breaker, letter rune, script string) {
	t.Helper()
	want := map[rune]error{'f': errBoom, 'F': errBoom, 'i': context.Canceled, 'x': api.ErrCircuitOpen}[letter]
	ran := false
	err := b.Run(context.Background(), func(context.Context) error {
		ran = true
		if letter == 'S' || letter == 'F' {
			time.Sleep(time.Second)
		}
		return want
	})
	require.ErrorIs(t, err, want, "call %c of %q", letter, script)
	require.Equal(t, letter != 'x', ran, "call %c of %q ran", letter, script)
}

// took returns how long fn took.
func took(fn func()) time.Duration {
	begin := time.Now()
	fn()
	return time.Since(begin)
}

// visit sends a request to a handler.
func visit(h http.Handler, method, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
	return w
}
