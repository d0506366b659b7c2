package messages

import (
	"fmt"
	"log/slog"
)

// Event is something worth knowing that happened. It is one of BreakerChanged,
// ProbeUnanswered, CheckChanged, CheckRestarted, Retrying, RetryExhausted,
// TimedOut, FallbackUsed and Dropped.
type Event interface {
	// Log returns the line that the log has of the event: its level, a sentence
	// and the facts in it.
	Log() (level slog.Level, sentence string, attrs []slog.Attr)
	event()
}

// Dropped reports to a subscriber that it was too slow and lost Count events here.
type Dropped struct{ Count int }

func (Dropped) event() {}

// Log returns a WARN: the subscriber that reads it is the log.
func (e Dropped) Log() (slog.Level, string, []slog.Attr) {
	return slog.LevelWarn, fmt.Sprintf("%d events were lost: the log is too slow", e.Count),
		[]slog.Attr{slog.Int("count", e.Count)}
}
