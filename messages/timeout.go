package messages

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// TimeoutError reports that a Timeout fired: "Operation 'x' timed out after
// 10.5s". It is ErrTimeout and context.DeadlineExceeded, and unwraps to Err.
type TimeoutError struct {
	Operation string
	Limit     time.Duration
	Err       error // the last error of an attempt before it fired, if any
}

// Error names the operation and the limit, and the error before it if there was one.
func (e *TimeoutError) Error() string {
	s := timedOut(e.Operation, e.Limit)
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func timedOut(operation string, limit time.Duration) string {
	return fmt.Sprintf("Operation '%s' timed out after %v", Clip(operation), limit)
}

// Is makes errors.Is true for ErrTimeout and context.DeadlineExceeded.
func (e *TimeoutError) Is(target error) bool {
	return target == ErrTimeout || target == context.DeadlineExceeded
}

// Unwrap returns Err.
func (e *TimeoutError) Unwrap() error { return e.Err }

// Timeout is true, as net.Error has it.
func (e *TimeoutError) Timeout() bool { return true }

// TimedOut reports that a Timeout fired around a breaker or a retry.
type TimedOut struct {
	Operation string
	Limit     time.Duration
	At        time.Time
}

func (TimedOut) event() {}

// Log returns a WARN.
func (e TimedOut) Log() (slog.Level, string, []slog.Attr) {
	return slog.LevelWarn, timedOut(e.Operation, e.Limit), []slog.Attr{
		slog.String("operation", Clip(e.Operation)), slog.Duration("limit", e.Limit)}
}
