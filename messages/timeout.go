package messages

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// TimeoutError reports that a Timeout fired: "Operation 'x' timed out after
// 10.5s". errors.Is reports that it is ErrTimeout and context.DeadlineExceeded.
// It unwraps to Err.
type TimeoutError struct {
	Operation string
	Limit     time.Duration
	Err       error // that the call returned after the limit, or of its last attempt before; nil: none
}

// Error names the operation and the limit, and ends with Err if there is one.
func (e *TimeoutError) Error() string { return e.text(noLimit) }

func (e *TimeoutError) text(limit int) string {
	s := timedOut(e.Operation, e.Limit)
	if e.Err != nil {
		s += ": " + ErrorText(e.Err, limit)
	}
	return s
}

func timedOut(operation string, limit time.Duration) string {
	return fmt.Sprintf("Operation '%s' timed out after %v", shown(operation), limit)
}

// Is makes errors.Is true for ErrTimeout and context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool {
	return target == ErrTimeout || target == context.DeadlineExceeded
}

// Unwrap returns Err.
func (e *TimeoutError) Unwrap() error { return e.Err }

// Timeout returns true. With Temporary, it makes a TimeoutError a net.Error.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary returns true.
func (e *TimeoutError) Temporary() bool { return true }

// TimedOut reports that a Timeout fired around a breaker or a retry.
type TimedOut struct {
	Operation string
	Limit     time.Duration
	At        time.Time
}

func (TimedOut) event() EventKind { return EventKind(CallTimedOut) }

// Log returns a WARN.
func (e TimedOut) Log() (slog.Level, string, []slog.Attr) {
	return CallTimedOut.Level(), timedOut(e.Operation, e.Limit), []slog.Attr{
		slog.String("operation", Clip(e.Operation)), slog.Duration("limit", e.Limit)}
}
