package system

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// logbook is a log handler that keeps its lines. Before does what a hostile handler
// does.
type logbook struct {
	level  slog.Level
	before func(ctx context.Context, line string) // nil: nothing

	mu    sync.Mutex
	lines []string // "LEVEL sentence key=value ..."
}

func (l *logbook) Enabled(_ context.Context, level slog.Level) bool { return level >= l.level }
func (l *logbook) WithAttrs([]slog.Attr) slog.Handler               { return l }
func (l *logbook) WithGroup(string) slog.Handler                    { return l }

func (l *logbook) Handle(ctx context.Context, r slog.Record) error {
	line := r.Level.String() + " " + r.Message
	r.Attrs(func(a slog.Attr) bool { line += fmt.Sprint(" ", a); return true })
	if l.before != nil {
		l.before(ctx, line)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	return nil
}

// all waits until the bubble is idle, and returns the lines so far.
func (l *logbook) all() []string {
	synctest.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.lines...)
}

// matching returns the lines of a level that contain text.
func (l *logbook) matching(level slog.Level, text string) (lines []string) {
	for _, line := range l.all() {
		if strings.HasPrefix(line, level.String()+" ") && strings.Contains(line, text) {
			lines = append(lines, line)
		}
	}
	return lines
}

// sentences returns the lines without their attributes.
func (l *logbook) sentences() (sentences []string) {
	for _, line := range l.all() {
		sentence, _, _ := strings.Cut(line, " name=")
		sentence, _, _ = strings.Cut(sentence, " retry=")
		sentence, _, _ = strings.Cut(sentence, " fallback=")
		sentence, _, _ = strings.Cut(sentence, " operation=")
		sentences = append(sentences, sentence)
	}
	return sentences
}

// inLog runs a test with a system and its log, in virtual time.
func inLog(t *testing.T, level slog.Level, test func(t *testing.T, s *System, log *logbook)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{level: level}
		s, err := Start(slog.New(log), 0)
		require.NoError(t, err)
		test(t, s, log)
		require.NoError(t, s.Shutdown(context.Background()))
	})
}
