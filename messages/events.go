package messages

import (
	"fmt"
	"log/slog"
)

// Event reports something that happened. It is one of BreakerChanged,
// ProbeUnanswered, CheckChanged, CheckRestarted, Retrying, RetryExhausted,
// TimedOut, FallbackUsed and Dropped.
type Event interface {
	// Log returns the log line of the event: its level, a sentence, and the
	// facts of the sentence as attributes.
	Log() (level slog.Level, sentence string, attrs []slog.Attr)
	event() EventKind
}

// Dropped reports to a subscriber that it was too slow: Count events were
// dropped at this place.
type Dropped struct{ Count int }

func (Dropped) event() EventKind { return dropped }

// Log returns a WARN. The subscriber that lost the events is the log itself.
func (e Dropped) Log() (slog.Level, string, []slog.Attr) {
	return slog.LevelWarn, fmt.Sprintf("%d events were lost: the log is too slow", e.Count),
		[]slog.Attr{slog.Int("count", e.Count)}
}

// CallKind is the kind of an event of a single call.
type CallKind uint8

// The kinds of events of single calls.
const (
	CallRetried  CallKind = iota // Retrying
	CallGaveUp                   // RetryExhausted
	CallTimedOut                 // TimedOut
	CallFellBack                 // FallbackUsed

	callKinds // how many there are
)

// CallKinds is how many kinds of events of single calls there are.
const CallKinds = int(callKinds)

// Level returns the level at which the log shows an event of that kind.
func (k CallKind) Level() slog.Level {
	if k == CallFellBack {
		return slog.LevelInfo
	}
	return slog.LevelWarn
}

// EventKind numbers the types of events. The events of single calls come first: the
// EventKind of each is its CallKind.
type EventKind uint8

const (
	breakerChanged EventKind = EventKind(callKinds) + iota
	probeUnanswered
	checkChanged
	checkRestarted
	dropped

	eventKinds
)

// EventKinds is how many types of events there are.
const EventKinds = int(eventKinds)

// KindOf returns the kind of an event, which must not be nil.
func KindOf(e Event) EventKind { return e.event() }

// IsCall reports whether events of that kind report something about a single call.
func (k EventKind) IsCall() bool { return k < EventKind(callKinds) }
