package system

import (
	"context"
	"log/slog"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

var background = context.Background()

// queued fills the queues of a subscriber that is slow, and returns what it receives
// in the end.
func queued(t *testing.T, emit func(s *System)) (got []messages.Event) {
	t.Helper()
	inSystem(t, func(t *testing.T, s *System) {
		release := make(chan struct{})
		s.Subscribe(func(e messages.Event) { <-release; got = append(got, e) })
		emit(s)
		close(release)
		synctest.Wait()
	})
	return got
}

func TestASlowSubscriberLosesTheOldestAndReceivesTheirNumber(t *testing.T) {
	got := queued(t, func(s *System) {
		s.EmitCall(background, "", messages.TimedOut{Operation: "first"})
		synctest.Wait() // the first is being handled
		for range laneLimits[calls] + 10 {
			s.EmitCall(background, "", messages.TimedOut{})
		}
		require.EqualValues(t, 10, s.Totals().EventsDropped)
	})
	require.Len(t, got, 1+1+laneLimits[calls])
	require.Equal(t, messages.Dropped{Count: 10}, got[1])
}

// Events of single calls displace no change, and both are delivered in the order of
// emission.
func TestChangesWaitInAQueueOfTheirOwn(t *testing.T) {
	const rounds, callsEach = 3000, 5
	got := queued(t, func(s *System) {
		for n := range rounds {
			s.Emit(messages.BreakerChanged{Failures: n})
			for range callsEach {
				s.EmitCall(background, "", messages.Retrying{Attempt: n})
			}
		}
	})
	changed, lost, round := 0, 0, 0
	for _, e := range got {
		switch e := e.(type) {
		case messages.BreakerChanged:
			require.Equal(t, changed, e.Failures, "every change, in order")
			changed++
			round = e.Failures
		case messages.Dropped:
			lost += e.Count
		case messages.Retrying:
			require.Equal(t, round, e.Attempt, "between the changes between which it was emitted")
		}
	}
	require.Equal(t, rounds, changed)
	require.Equal(t, rounds*callsEach-laneLimits[calls], lost)
}

func TestTheQueueOfChangesIsBounded(t *testing.T) {
	got := queued(t, func(s *System) {
		s.Emit(messages.CheckChanged{})
		synctest.Wait()
		for range laneLimits[changes] + 7 {
			s.Emit(messages.CheckChanged{})
		}
	})
	require.Len(t, got, 1+1+laneLimits[changes])
	require.Equal(t, messages.Dropped{Count: 7}, got[1])
}

func TestASubscriberReceivesOnlyTheTypesThatItWants(t *testing.T) {
	inSystem(t, func(t *testing.T, s *System) {
		wanted := func() bool { return s.NoteCall(background, "x", messages.CallFellBack, nil) }
		var got []messages.Event
		cancel := s.SubscribeTo(func(e messages.Event) { got = append(got, e) }, messages.BreakerChanged{}, nil, messages.BreakerChanged{Name: "twice"}, messages.TimedOut{})
		s.Emit(messages.BreakerChanged{Name: "a"})
		s.Emit(messages.CheckChanged{Name: "b"})
		s.EmitCall(background, "", messages.TimedOut{Operation: "c"})
		s.EmitCall(background, "", messages.FallbackUsed{})
		synctest.Wait()
		require.Equal(t, []messages.Event{messages.BreakerChanged{Name: "a"}, messages.TimedOut{Operation: "c"}}, got)
		require.False(t, wanted())
		require.True(t, s.NoteCall(background, "x", messages.CallTimedOut, nil))
		cancel()
		cancel()
		require.False(t, s.NoteCall(background, "x", messages.CallTimedOut, nil), "nobody wants it any more")
		cancelAll := s.Subscribe(func(messages.Event) {})
		require.True(t, wanted())
		cancelAll()
		require.False(t, wanted())
	})
}

func TestAnEventThatNobodyWantsAllocatesNothing(t *testing.T) {
	s := start(t)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		for kind := range messages.CallKinds {
			s.NoteCall(background, "payments", messages.CallKind(kind), background.Err())
		}
	}))
	require.NoError(t, s.Shutdown(background))
}

func TestTotalsCountEachCall(t *testing.T) {
	inSystem(t, func(t *testing.T, s *System) {
		for kind, n := range []int{7, 5, 3, 2} {
			for range n {
				s.NoteCall(background, "x", messages.CallKind(kind), nil)
			}
		}
		s.LeftBehind(1)
		s.LeftBehind(1)
		s.LeftBehind(-1)
		require.Equal(t, Totals{Timeouts: 3, Fallbacks: 2, LeftBehind: 1}, s.Totals())
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

// A subscriber that ends its goroutine, as a failing require does, is logged and goes
// on.
func TestASubscriberMayEndItsGoroutine(t *testing.T) {
	inLog(t, slog.LevelInfo, func(t *testing.T, s *System, log *logbook) {
		got := 0
		s.Subscribe(func(messages.Event) {
			if got++; got != 3 {
				runtime.Goexit()
			}
		})
		for range 5 {
			s.Emit(messages.CheckChanged{Name: "x", To: messages.Healthy})
		}
		synctest.Wait()
		require.Equal(t, 5, got)
		require.Len(t, log.matching(slog.LevelError, "a subscriber ended its goroutine"), 4)
	})
}

func TestAfterTheEndASubscriberIsNotStarted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		require.NoError(t, s.Shutdown(background))
		var calls atomic.Int32
		cancel := s.Subscribe(func(messages.Event) { calls.Add(1) })
		s.Emit(messages.CheckChanged{})
		s.EmitCall(background, "", messages.TimedOut{})
		require.False(t, s.NoteCall(background, "", messages.CallTimedOut, nil))
		synctest.Wait()
		require.Zero(t, calls.Load())
		cancel()
		require.Empty(t, s.hub.all)
	})
}

// The events that are queued when Shutdown begins are delivered, and a line too.
func TestShutdownDeliversWhatIsQueued(t *testing.T) {
	inLog(t, slog.LevelInfo, func(t *testing.T, s *System, log *logbook) {
		got := 0
		s.Subscribe(func(messages.Event) { got++ })
		for range 100 {
			s.Emit(messages.BreakerChanged{Name: "x"})
		}
		require.NoError(t, s.Shutdown(background))
		require.Equal(t, 100, got)
		require.Len(t, log.all(), 100)
		s.Logger().Info("after the end")
		require.Len(t, log.all(), 101, "written at once")
	})
}
