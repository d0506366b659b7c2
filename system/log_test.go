package system

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

var errRefused = errors.New("connection refused")

// report does what a call does when something happened to it.
func report(ctx context.Context, s *System, name string, err error, e messages.Event) {
	if s.NoteCall(ctx, name, messages.CallKind(messages.KindOf(e)), err) {
		s.EmitCall(ctx, name, e)
	}
}

func fellBack(s *System, name string, n int) {
	for range n {
		report(background, s, name, errRefused, messages.FallbackUsed{Index: 1, Cause: errRefused})
	}
}

func timedOut(s *System, name string, n int) {
	for range n {
		report(background, s, name, errRefused, messages.TimedOut{Operation: "charge", Limit: time.Second})
	}
}

// The first event of a kind and name is logged at once, the others in one line a
// second.
func TestEventsOfCallsAreSummedUp(t *testing.T) {
	inLog(t, slog.LevelInfo, func(t *testing.T, s *System, log *logbook) {
		fellBack(s, "payments", 13_021)
		require.Equal(t, []string{"INFO Fallback 1 answered"}, log.sentences())
		timedOut(s, "payments", 42)
		require.Equal(t, []string{"INFO Fallback 1 answered", "WARN Operation 'charge' timed out after 1s"}, log.sentences())
		time.Sleep(time.Second - 1)
		require.Len(t, log.all(), 2)
		time.Sleep(time.Nanosecond)
		sums := log.all()[2:]
		require.Equal(t, []string{"WARN payments: 13,020 fallbacks, 41 timeouts in 1 s; last: connection refused" +
			" name=payments span=1s fallbacks=13020 timeouts=41 last=connection refused"}, sums)

		time.Sleep(time.Hour)
		require.Len(t, log.all(), 3, "nothing happened, nothing is logged")
		fellBack(s, "payments", 1)
		time.Sleep(time.Second)
		require.Equal(t, "INFO Fallback 1 answered", log.sentences()[3])
		require.Len(t, log.all(), 4, "one event needs no sum")
	})
}

func TestASumHasTheHighestLevelInIt(t *testing.T) {
	for _, row := range []struct {
		level     slog.Level
		happens   func(s *System)
		sentences []string // after the first events
	}{
		{slog.LevelInfo, func(s *System) { fellBack(s, "a", 3) }, []string{"INFO a: 2 fallbacks in 1 s; last: connection refused"}},
		{slog.LevelWarn, func(s *System) { fellBack(s, "a", 3) }, nil},
		{slog.LevelWarn, func(s *System) { fellBack(s, "a", 3); timedOut(s, "a", 2) }, []string{"WARN a: 1 timeout in 1 s; last: connection refused"}},
		{slog.LevelError, func(s *System) { timedOut(s, "a", 2) }, nil},
		{slog.LevelInfo, func(s *System) { timedOut(s, "b", 3); timedOut(s, "", 3) }, []string{
			"WARN b: 2 timeouts in 1 s; last: connection refused", "WARN calls without a name: 2 timeouts in 1 s; last: connection refused"}},
		{slog.LevelInfo, func(s *System) {
			for range 3 {
				report(background, s, "r", nil, messages.Retrying{Name: "r"})
				report(background, s, "r", nil, messages.RetryExhausted{Name: "r"})
			}
		}, []string{"WARN r: 2 retries, 2 calls given up in 1 s"}},
	} {
		inLog(t, row.level, func(t *testing.T, s *System, log *logbook) {
			row.happens(s)
			firsts := len(log.all())
			time.Sleep(time.Second)
			require.ElementsMatch(t, row.sentences, log.sentences()[firsts:])
		})
	}
}

func TestShutdownWritesTheSums(t *testing.T) {
	inLog(t, slog.LevelInfo, func(t *testing.T, s *System, log *logbook) {
		timedOut(s, "a", 3)
		time.Sleep(300 * time.Millisecond)
		require.NoError(t, s.Shutdown(background))
		require.Equal(t, "WARN a: 2 timeouts in 0.3 s; last: connection refused", log.sentences()[1])
		timedOut(s, "a", 3)
		time.Sleep(time.Minute)
		require.Len(t, log.all(), 2)
	})
}

func TestAThousandNamesASecondAreSummedUpByThemselves(t *testing.T) {
	inLog(t, slog.LevelInfo, func(t *testing.T, s *System, log *logbook) {
		const names = maxTallies + 50
		for n := range names {
			timedOut(s, fmt.Sprint("n", n), 3)
		}
		time.Sleep(time.Second)
		require.Len(t, log.matching(slog.LevelWarn, ": 2 timeouts in 1 s"), maxTallies)
		require.Len(t, log.matching(slog.LevelWarn, "others: 149 timeouts in 1 s"), 1)
		timedOut(s, "n1049", 3)
		time.Sleep(time.Second)
		require.Len(t, log.matching(slog.LevelWarn, "n1049: 2 timeouts"), 1)
	})
}

// Whatever happens at the same time, a line is written for each event, or it is in a
// sum.
func TestNoEventIsMissingInTheSums(t *testing.T) {
	inLog(t, slog.LevelInfo, func(t *testing.T, s *System, log *logbook) {
		const callers, each = 8, 1000
		var running sync.WaitGroup
		for i := range callers {
			running.Go(func() {
				for n := range each {
					timedOut(s, "a", 1)
					if n%100 == i {
						time.Sleep(300 * time.Millisecond)
					}
				}
			})
		}
		running.Wait()
		time.Sleep(time.Second)
		total := len(log.matching(slog.LevelWarn, "timed out after"))
		for _, line := range log.matching(slog.LevelWarn, "a: ") {
			var n int
			_, err := fmt.Sscanf(line[strings.Index(line, "timeouts="):], "timeouts=%d", &n)
			require.NoError(t, err)
			total += n
		}
		require.Equal(t, callers*each, total)
	})
}

// A call may end between NoteCall and EmitCall, or be late.
func TestAFirstEventThatIsNotEmittedIsInTheSum(t *testing.T) {
	inLog(t, slog.LevelInfo, func(t *testing.T, s *System, log *logbook) {
		require.True(t, s.NoteCall(background, "a", messages.CallTimedOut, errRefused))
		time.Sleep(time.Second)
		require.Equal(t, []string{"WARN a: 1 timeout in 1 s; last: connection refused"}, log.sentences())
		s.EmitCall(background, "a", messages.TimedOut{})
		require.Len(t, log.all(), 1)
	})
}

type traceKey struct{}

// At DEBUG each event of a call is logged, with the ctx of its caller.
func TestAtDebugEachEventIsLoggedWithItsCtx(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var traces []any
		log := &logbook{level: slog.LevelDebug}
		log.before = func(ctx context.Context, line string) {
			if strings.HasPrefix(line, "DEBUG") {
				traces = append(traces, ctx.Value(traceKey{}))
			}
		}
		s, err := Start(slog.New(log), 0)
		require.NoError(t, err)
		for n := range 3 {
			report(context.WithValue(background, traceKey{}, n), s, "a", errRefused, messages.Retrying{Name: "a"})
		}
		synctest.Wait()
		require.Equal(t, []any{0, 1, 2}, traces)
		require.NoError(t, s.Shutdown(background))
		require.Len(t, log.matching(slog.LevelWarn, "attempt"), 1)
		require.Len(t, log.matching(slog.LevelWarn, "a: 2 retries"), 1)
	})
}

// A slow log loses events of calls, and no change.
func TestASlowLogWritesEveryChange(t *testing.T) {
	inLog(t, slog.LevelDebug, func(t *testing.T, s *System, log *logbook) {
		log.before = func(context.Context, string) { time.Sleep(50 * time.Microsecond) }
		for range 83 {
			for range 1000 {
				report(background, s, "a", errRefused, messages.Retrying{Name: "a"})
			}
			s.Emit(messages.BreakerChanged{Name: "a", To: messages.Open, Reason: "boom"})
			time.Sleep(time.Millisecond)
		}
		time.Sleep(2 * time.Second)
		require.Len(t, log.matching(slog.LevelWarn, "OPEN - boom"), 83)
		require.Len(t, log.matching(slog.LevelWarn, "a: "), 1)
		require.NotEmpty(t, log.matching(slog.LevelWarn, "events were lost"))
	})
}

func TestCountsAreGrouped(t *testing.T) {
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 13020: "13,020", 1234567: "1,234,567", 1<<64 - 1: "18,446,744,073,709,551,615"} {
		require.Equal(t, want, grouped(n))
	}
}
