package messages

import (
	"fmt"
	"log/slog"
	"time"
)

// FallbackError reports that a call and all its fallbacks failed. It unwraps to
// all their errors.
type FallbackError struct {
	Name string  // of the Fallback; empty for Do
	Errs []error // in order, the call's own first
}

// Error lists all errors.
func (e *FallbackError) Error() string { return e.text(noLimit) }

func (e *FallbackError) text(limit int) string {
	of := ""
	if e.Name != "" {
		of = fmt.Sprintf(" of '%s'", shown(e.Name))
	}
	text := fmt.Sprintf("all %d alternatives%s failed: ", len(e.Errs), of)
	for i, err := range e.Errs {
		if i > 0 {
			text += "; "
		}
		if text += ErrorText(err, limit); len(text) > limit {
			break
		}
	}
	return text
}

// Unwrap returns all errors.
func (e *FallbackError) Unwrap() []error { return e.Errs }

// FallbackUsed reports that a fallback succeeded after a call had failed.
type FallbackUsed struct {
	Index int   // which fallback succeeded: 1 is the first
	Cause error // the error that made it necessary
	At    time.Time
}

func (FallbackUsed) event() EventKind { return EventKind(CallFellBack) }

// Log returns an INFO.
func (e FallbackUsed) Log() (slog.Level, string, []slog.Attr) {
	return CallFellBack.Level(), fmt.Sprintf("Fallback %d answered", e.Index),
		[]slog.Attr{slog.Int("fallback", e.Index), slog.Any("cause", e.Cause)}
}
