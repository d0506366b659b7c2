package messages

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// FallbackError reports that a call and all its fallbacks failed. It unwraps to
// all their errors.
type FallbackError struct {
	Name string  // of the Fallback; empty for Do
	Errs []error // in order, the call's own first
}

// Error lists all errors.
func (e *FallbackError) Error() string {
	texts := make([]string, len(e.Errs))
	for i, err := range e.Errs {
		texts[i] = fmt.Sprint(err)
	}
	of := ""
	if e.Name != "" {
		of = fmt.Sprintf(" of '%s'", Clip(e.Name))
	}
	return fmt.Sprintf("all %d alternatives%s failed: %s", len(e.Errs), of, strings.Join(texts, "; "))
}

// Unwrap returns all errors.
func (e *FallbackError) Unwrap() []error { return e.Errs }

// FallbackUsed reports that a fallback succeeded after a call had failed.
type FallbackUsed struct {
	Index int   // which fallback succeeded: 1 is the first
	Cause error // the error that made it necessary
	At    time.Time
}

func (FallbackUsed) event() {}

// Log returns an INFO.
func (e FallbackUsed) Log() (slog.Level, string, []slog.Attr) {
	return slog.LevelInfo, fmt.Sprintf("Fallback %d answered", e.Index),
		[]slog.Attr{slog.Int("fallback", e.Index), slog.Any("cause", e.Cause)}
}
