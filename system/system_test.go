package system

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"
	"github.com/understudy-go/understudy/messages"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T) *System {
	t.Helper()
	s, err := Start(slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return s
}

// crasher panics on every string and counts its lives.
func crasher(lives *int, seen *[]any) func() actor.Actor {
	return func() actor.Actor {
		*lives++
		return actor.ReceiveFunc(func(c actor.Context) {
			switch m := c.Message().(type) {
			case string:
				panic(m)
			case int:
				*seen = append(*seen, m)
			}
		})
	}
}

func TestACrashedBreakerIsRestartedAtOnceAndTakesTheNextMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		var lives int
		var seen []any
		owner, err := s.Spawn("breaker", "x", crasher(&lives, &seen))
		require.NoError(t, err)
		owner.Send("poison")
		owner.Send(1)
		synctest.Wait()
		require.Equal(t, 2, lives)
		require.Equal(t, []any{1}, seen)
		require.NoError(t, s.Shutdown(t.Context()))
		<-owner.Done()
	})
}

func TestShutdownEndsWhileARestartIsBackingOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		var lives int
		var seen []any
		owner, err := s.Spawn("check", "x", crasher(&lives, &seen))
		require.NoError(t, err)
		owner.Send("poison")
		synctest.Wait()
		require.Equal(t, 1, lives, "the restart waits for its back-off")
		require.NoError(t, s.Shutdown(t.Context()))
		require.NoError(t, s.Shutdown(t.Context()), "a second time")
		_, err = s.Spawn("check", "y", crasher(&lives, &seen))
		require.ErrorIs(t, err, messages.ErrShutdown)
	})
}

func TestShutdownIsBoundedByItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		release := make(chan struct{})
		s.Subscribe(func(messages.Event) { <-release })
		s.Emit(messages.Dropped{Count: 1})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, s.Shutdown(ctx), context.Canceled)
		close(release)
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestASlowSubscriberLosesTheOldestAndIsToldHowMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		release := make(chan struct{})
		var got []messages.Event
		s.Subscribe(func(e messages.Event) { <-release; got = append(got, e) })
		s.Emit(messages.TimedOut{Operation: "first"})
		synctest.Wait() // the first is being handled
		for range queueLength + 10 {
			s.Emit(messages.TimedOut{})
		}
		close(release)
		require.NoError(t, s.Shutdown(t.Context()))
		require.Len(t, got, 1+1+queueLength)
		require.Equal(t, messages.Dropped{Count: 10}, got[1])
	})
}

func TestASubscriberMayPanicAndCancelItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		calls := 0
		var cancel func()
		cancel = s.Subscribe(func(messages.Event) {
			calls++
			if calls == 2 {
				cancel()
			}
			panic("a bug")
		})
		for range 5 {
			s.Emit(messages.Dropped{})
		}
		synctest.Wait()
		require.Equal(t, 2, calls)
		require.NoError(t, s.Shutdown(t.Context()))
	})
}

func TestBackoffDoublesUpToItsCap(t *testing.T) {
	b := &backoff{free: 1, first: 100, most: 1000}
	for _, row := range []struct{ crashes, nominal int }{{1, 0}, {2, 100}, {3, 200}, {5, 800}, {6, 1000}, {500, 1000}} {
		got := float64(b.pause(row.crashes))
		require.InDelta(t, row.nominal, got, float64(row.nominal)/4, "after %d crashes", row.crashes)
	}
}
