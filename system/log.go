package system

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// eventLog is the subscriber that writes events to the log. It writes each change as
// one line. Of the events of single calls it writes each at DEBUG; at the level of
// the event it writes the first of a kind and name, and sums up the others, see
// tallies.
type eventLog struct {
	out     lines       // with log: the subscriber
	sub     *subscriber // its goroutine writes all lines of events
	tallies tallies
	ended   sync.WaitGroup
}

// newEventLog starts the log's goroutine, which ends after close. dropped counts
// the lines that are lost because the user's handler is too slow.
func newEventLog(handler slog.Handler, dropped *atomic.Uint64) *eventLog {
	l := &eventLog{}
	l.sub = newSubscriber(func(e messages.Event) { l.write(context.Background(), "", e, false) }, nil, dropped)
	l.out = lines{next: handler, log: l.sub, stuck: &atomic.Int32{}}
	l.tallies.due = func(t *tally) { l.sub.put(changes, delivery{line: func() { l.sumUp(t) }}) }
	l.sub.start(&l.ended)
	return l
}

// change logs an event that is not about a single call.
func (l *eventLog) change(e messages.Event) { l.sub.put(changes, delivery{event: e}) }

// note counts an event of a single call, and reports whether the log writes it.
func (l *eventLog) note(ctx context.Context, name string, kind messages.CallKind, err error) bool {
	if !l.out.Enabled(ctx, kind.Level()) {
		return false
	}
	first := l.tallies.count(name, kind, err)
	return first || l.out.Enabled(ctx, slog.LevelDebug)
}

// call logs an event of a single call that was noted.
func (l *eventLog) call(ctx context.Context, name string, e messages.Event) {
	kind := messages.CallKind(messages.KindOf(e))
	first := l.tallies.claim(name, kind)
	debug := l.out.Enabled(ctx, slog.LevelDebug)
	if !first && !debug {
		return
	}
	l.sub.put(calls, delivery{line: func() {
		if first {
			l.write(ctx, name, e, false)
		}
		if debug {
			l.write(ctx, name, e, true)
		}
	}})
}

// write writes the line of an event, at its own level or at DEBUG. The name is that
// under which the event was counted; lines of sums have it, too. It runs in the log's
// goroutine.
func (l *eventLog) write(ctx context.Context, name string, e messages.Event, debug bool) {
	level, sentence, attrs := e.Log()
	if name != "" {
		attrs = append([]slog.Attr{slog.String("name", name)}, attrs...)
	}
	if debug {
		level = slog.LevelDebug
	}
	l.writeLine(ctx, level, sentence, attrs)
}

func (l *eventLog) writeLine(ctx context.Context, level slog.Level, sentence string, attrs []slog.Attr) {
	if !l.out.Enabled(ctx, level) {
		return
	}
	r := slog.NewRecord(time.Now(), level, sentence, 0)
	r.AddAttrs(attrs...)
	l.out.write(ctx, r)
}

// lastLimit is the maximum length in bytes of the last error in a line that sums up.
const lastLimit = 1 << 10

// sumUp writes the line of a tally that is due. It runs in the log's goroutine.
func (l *eventLog) sumUp(t *tally) {
	if sum := l.tallies.take(t); sum.total() > 0 {
		if sum.last != nil {
			sum.last = l.out.shown(sum.last, lastLimit)
		}
		level, sentence, attrs := sum.line()
		l.writeLine(context.Background(), level, sentence, attrs)
	}
}

// close writes all that is queued and summed up, and returns when the log's
// goroutine has ended.
func (l *eventLog) close() {
	l.tallies.close()
	l.sub.end(false)
	l.ended.Wait()
}
