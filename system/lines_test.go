package system

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// hostile is an error whose Error method does what it likes.
type hostile func() string

func (h hostile) Error() string { return h() }

// discreet is an error that decides what the log shows of it.
type discreet func() string

func (d discreet) Error() string        { return "secret" }
func (d discreet) LogValue() slog.Value { return slog.StringValue(d()) }

// A line has at most 4 KiB of text, a stack 16 KiB, whatever comes in, and is
// printable.
func TestALineIsBoundedAndPrintable(t *testing.T) {
	huge := strings.Repeat("huge\n\x1b[2J", 1<<17)
	err := errors.New(huge)
	for _, write := range []func(s *System){
		func(s *System) { s.Logger().Error(huge, "a", huge, "b", err, "c", []string{huge}, "d", huge) },
		func(s *System) { s.Logger().Warn(huge, "a", err, "b", err) },
		func(s *System) { s.Logger().Warn(huge, "a", discreet(func() string { return huge })) },
		func(s *System) { s.Emit(messages.CheckChanged{Name: huge, Message: huge}) },
		func(s *System) { s.Emit(messages.BreakerChanged{Name: "x", To: messages.Open, Reason: huge}) },
		func(s *System) {
			for range 2 {
				report(background, s, huge, err, messages.RetryExhausted{Name: huge, Reason: huge, Err: err})
			}
		},
	} {
		inLog(t, slog.LevelDebug, func(t *testing.T, s *System, log *logbook) {
			write(s)
			time.Sleep(time.Second)
			require.NotEmpty(t, log.all())
			for _, line := range log.all() {
				require.LessOrEqual(t, len(line), 4096+100)
				require.Equal(t, line, messages.Printable(line))
			}
		})
	}
	inLog(t, slog.LevelDebug, func(t *testing.T, s *System, log *logbook) {
		s.Logger().Error("x", "stack", huge, "after", "here")
		require.Greater(t, len(log.all()[0]), 16<<10-100)
		require.Less(t, len(log.all()[0]), 16<<10+100)
		require.Contains(t, log.all()[0], "after=here")
	})
}

// A handler can still reach the error that a line shows.
func TestAnErrorInALineUnwraps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var shown error
		s, err := Start(slog.New(handlerFunc(func(_ context.Context, r slog.Record) error {
			r.Attrs(func(a slog.Attr) bool { shown, _ = a.Value.Any().(error); return true })
			return nil
		})), 0)
		require.NoError(t, err)
		s.Logger().Error("x", "error", fmt.Errorf("open: %w", os.ErrNotExist))
		require.EqualError(t, shown, "open: file does not exist")
		require.ErrorIs(t, shown, os.ErrNotExist)
		require.NoError(t, s.Shutdown(background))
	})
}

// What a value shows of itself in a log is what the lines show of it, as an
// attribute and in a sum, and it may panic.
func TestAValueDecidesWhatTheLogShowsOfIt(t *testing.T) {
	inLog(t, slog.LevelInfo, func(t *testing.T, s *System, log *logbook) {
		s.Logger().Error("one", "panic", discreet(func() string { return "little" }))
		s.Logger().Error("two", "panic", discreet(func() string { panic("kaboom") }))
		for range 2 {
			err := discreet(func() string { return "little" })
			report(background, s, "a", err, messages.Retrying{Name: "a", Err: err})
		}
		time.Sleep(time.Second)
		require.Len(t, log.all(), 4)
		require.Len(t, log.matching(slog.LevelWarn, "little"), 2)
		for _, line := range log.all() {
			require.NotContains(t, line, "secret")
		}
	})
}

type handlerFunc func(context.Context, slog.Record) error

func (handlerFunc) Enabled(context.Context, slog.Level) bool          { return true }
func (h handlerFunc) Handle(ctx context.Context, r slog.Record) error { return h(ctx, r) }
func (h handlerFunc) WithAttrs([]slog.Attr) slog.Handler              { return h }
func (h handlerFunc) WithGroup(string) slog.Handler                   { return h }

// An error whose method panics, ends its goroutine or blocks does not stop the log.
func TestAnErrorDoesNotStopTheLog(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for text, err := range map[string]hostile{
		"whose Error method panicked: kaboom": func() string { panic("kaboom") },
		"system.hostile without a text":       func() string { runtime.Goexit(); return "" },
	} {
		inLog(t, slog.LevelInfo, func(t *testing.T, s *System, log *logbook) {
			report(background, s, "a", err, messages.Retrying{Name: "a", Err: err})
			report(background, s, "a", err, messages.Retrying{Name: "a", Err: err})
			time.Sleep(time.Second)
			require.Len(t, log.matching(slog.LevelWarn, text), 2)
		})
	}
	inLog(t, slog.LevelInfo, func(t *testing.T, s *System, log *logbook) {
		release := make(chan struct{})
		blocks := hostile(func() string { <-release; return "at last" })
		for n := range 3 * maxStuck {
			report(background, s, fmt.Sprint(n), blocks, messages.Retrying{Name: "a", Err: blocks})
		}
		time.Sleep((maxStuck + 1) * patience)
		require.Len(t, log.matching(slog.LevelWarn, "system.hostile without a text"), 3*maxStuck)
		close(release)
		synctest.Wait()
		report(background, s, "b", blocks, messages.Retrying{Name: "b", Err: blocks})
		require.Len(t, log.matching(slog.LevelWarn, "at last"), 1)
	})
}

// A log handler that panics, ends its goroutine, blocks or calls back stops nobody.
func TestALogHandlerMayDoAnything(t *testing.T) {
	for what, do := range map[string]func(s *System, release chan struct{}){
		"panics": func(*System, chan struct{}) { panic("a bug") },
		"exits":  func(*System, chan struct{}) { runtime.Goexit() },
		"blocks": func(_ *System, release chan struct{}) { <-release },
		"calls back": func(s *System, _ chan struct{}) {
			s.Subscribe(func(messages.Event) {})()
			s.Emit(messages.Dropped{})
			s.NoteCall(background, "back", messages.CallTimedOut, nil)
			_, _ = s.Spawn(inPlaceKind, &fake{})
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s *System
				release := make(chan struct{})
				log := &logbook{level: slog.LevelDebug}
				var lines atomic.Int32
				log.before = func(context.Context, string) {
					if lines.Add(1) <= 10 {
						do(s, release)
					}
				}
				s, err := Start(slog.New(log), 0)
				require.NoError(t, err)
				f := &fake{stopped: func() { panic("a bug") }}
				for _, kind := range []messages.Kind{inPlaceKind, slowKind} {
					_, err := s.Spawn(kind, f)
					require.NoError(t, err)
				}
				s.Logger().Warn("a warning")
				s.Emit(messages.CheckChanged{})
				timedOut(s, "a", 3)
				synctest.Wait()
				ctx, cancel := context.WithTimeout(background, time.Second)
				defer cancel()
				err = s.Shutdown(ctx)
				if what == "blocks" {
					require.ErrorIs(t, err, context.DeadlineExceeded)
					close(release)
				} else {
					require.NoError(t, err)
				}
				require.NoError(t, s.Shutdown(background))
				for range 10 {
					s.Logger().Error("at the latest now it works")
				}
				require.NotEmpty(t, log.matching(slog.LevelError, "now it works"))
			})
		})
	}
}

// A panic with http.ErrAbortHandler breaks off a response on purpose.
func TestAnAbortedResponseIsNotLogged(t *testing.T) {
	inLog(t, slog.LevelDebug, func(t *testing.T, s *System, log *logbook) {
		s.Logger().Error("a call panicked", "panic", any(http.ErrAbortHandler), "stack", "main")
		Sheltered(slog.New(log)).Error("a call panicked", "panic", any(http.ErrAbortHandler))
		require.Empty(t, log.all())
		s.Logger().Error("a call panicked", "panic", any([]int{1}))
		s.Logger().Error("a call panicked", "panic", "net/http: abort Handler")
		require.Len(t, log.all(), 2)
	})
}

func TestAShelteredLoggerSurvivesItsHandler(t *testing.T) {
	log := Sheltered(slog.New(handlerFunc(func(context.Context, slog.Record) error { panic("a bug") })))
	log.Error("x")
	log.With("a", 1).WithGroup("g").Info("x")
	log = Sheltered(slog.New(handlerFunc(func(context.Context, slog.Record) error { runtime.Goexit(); return nil })))
	log.Error("x")
	log.Info("x")
}
