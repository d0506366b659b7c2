package owner

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

func TestACrashFailsTheQuestionAtHandAndNoOther(t *testing.T) {
	inBubble(t, func(t *testing.T, k *clerk, _ *ownertest.Host, _ *logbook) {
		kept := make(chan int, 1)
		go func() { // ends when a later question is answered
			got, err := k.ask(question{keep: true})
			if err != nil {
				t.Errorf("a question that is kept for later failed: %v", err)
			}
			kept <- got
		}()
		synctest.Wait()
		k.bench.Address.Send(bomb{})
		_, err := k.ask(question{within: true})
		require.ErrorIs(t, err, messages.ErrCrashed)
		require.ErrorContains(t, err, "Clerk 'x'")
		got, err := k.ask(question{add: 7})
		require.NoError(t, err)
		require.Equal(t, 7, got)
		require.Equal(t, -1, <-kept)
	})
}

// The cell of a question that was answered may hold another question by now.
func TestACrashAfterTheAnswerFailsNoQuestion(t *testing.T) {
	inBubble(t, func(t *testing.T, k *clerk, _ *ownertest.Host, log *logbook) {
		var askers sync.WaitGroup
		for range 8 {
			askers.Go(func() {
				for n := range 100 {
					refuse := n%4 == 0
					if _, err := k.ask(question{refuse: refuse, after: n%2 == 0}); errors.Is(err, errRefused) != refuse || errors.Is(err, messages.ErrCrashed) {
						t.Errorf("it was answered, or refused: %v", err)
					}
				}
			})
		}
		askers.Wait()
		require.Equal(t, 8*50, strings.Count(log.text(), "panic=after"))
	})
}

func TestACrashIsLoggedWithItsStackOnce(t *testing.T) {
	inBubble(t, func(t *testing.T, k *clerk, _ *ownertest.Host, log *logbook) {
		_, err := k.ask(question{within: true})
		require.ErrorIs(t, err, messages.ErrCrashed)
		text := log.text()
		require.Equal(t, 1, strings.Count(text, "\n"))
		for _, part := range []string{"level=ERROR", `msg="Clerk 'x' crashed and is restarted"`, "clerk=x", "panic=within", "(*clerk).answer"} {
			require.Contains(t, text, part)
		}
	})
}

// The log shows the stack of the user's code, not that of the owner.
func TestACrashOnPurposeIsLoggedWithTheStackOfItsCause(t *testing.T) {
	inBubble(t, func(t *testing.T, k *clerk, _ *ownertest.Host, log *logbook) {
		require.PanicsWithError(t, "no route", func() {
			defer k.bench.crashed()
			panic(&Crash{Panic: "no route", Stack: "main.check"})
		})
		text := log.text()
		require.Contains(t, text, `panic="no route" stack=main.check`)
		require.NotContains(t, text, "crash_test.go")
	})
}

// deafHost has a log that panics.
type deafHost struct{ *ownertest.Host }

func (deafHost) Logger() *slog.Logger { panic("no log") }

// A regression: the question was failed only after the log was written, so that a
// log that panicked left the asker waiting until the shutdown.
func TestACrashAnswersItsAskerEvenIfTheLogPanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := deafHost{ownertest.New()}
		defer host.Shutdown()
		k := newClerk(host)
		require.NoError(t, k.bench.Spawn(k))
		_, err := k.ask(question{within: true})
		require.ErrorIs(t, err, messages.ErrCrashed)
		got, err := k.ask(question{add: 7})
		require.NoError(t, err)
		require.Equal(t, 7, got)
	})
}

// lockedLog waits for a lock.
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

// The goroutine that runs the owner may be that of a caller that holds a lock which
// its log needs. It must not wait for the log.
func TestACrashIsLoggedInAnotherGoroutine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lock sync.Mutex
		host := ownertest.New()
		defer host.Shutdown()
		host.Log = slog.New(lockedLog{slog.DiscardHandler, &lock})
		k := newClerk(host)
		require.NoError(t, k.bench.Spawn(k))
		lock.Lock()
		defer lock.Unlock() // before Shutdown
		require.PanicsWithValue(t, "within", func() { k.bench.Receive(&cell{Question: question{within: true}}) })
	})
}
