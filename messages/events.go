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
	event()
}

// Dropped reports to a subscriber that it was too slow: Count events were
// dropped at this place.
type Dropped struct{ Count int }

func (Dropped) event() {}

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
)
