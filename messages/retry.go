package messages

import (
	"context"
	"fmt"
	"log/slog"
	"time"
)

// Attempt reports to a retry's owner that an attempt failed, and asks what to do
// next.
type Attempt struct {
	At         time.Time
	Number     int           // the attempt that failed: 1, 2, 3, ...
	Calls      uint64        // calls that began within the budget's window, this one included
	Retryable  bool          // what the policy's Retryable returned for the error
	RetryAfter time.Duration // the minimum wait that the error asks for; 0: none
	Deadline   time.Time     // when the caller's context ends; zero: never
}

// Verdict answers an Attempt: try again after Delay, or give up for Reason.
type Verdict struct {
	Again  bool
	Delay  time.Duration
	Reason string // "" if Again
}

// The reasons why a retry gives up.
const (
	ReasonNotRetryable = "not retryable" // the error must not be retried
	ReasonAttempts     = "attempts"      // no attempts are left
	ReasonDeadline     = "deadline"      // the wait would not end before the caller's deadline
	ReasonBudget       = "budget"        // the retry budget is spent
	ReasonCancelled    = "cancelled"     // the caller's context was cancelled during the wait
	ReasonShutdown     = "shutdown"      // the system was shut down
	ReasonRefused      = "refused"       // an attempt was refused after another had failed
	ReasonCrashed      = "crashed"       // the owner crashed while it decided
)

// RetryStats is what a retry policy has counted since it was made.
type RetryStats struct {
	Name      string
	Calls     uint64 // calls begun
	Retries   uint64 // second and later attempts allowed
	Exhausted uint64 // calls given up because no attempts were left
	Throttled uint64 // calls given up because the budget was spent
}

// RetryError reports that a retry policy gave up. It unwraps to Err and, as
// Reason says, to
//
//	"attempts"   ErrExhausted
//	"deadline"   context.DeadlineExceeded: the next wait would not end in time
//	"budget"     nothing more
//	"cancelled"  context.Canceled
//	"shutdown"   ErrShutdown
//	"crashed"    ErrCrashed: the policy's actor crashed while it decided, a bug in this library
type RetryError struct {
	Name     string // of the policy
	Attempts int    // how many were made
	Reason   string // attempts, deadline, budget, cancelled, shutdown or crashed
	Err      error  // of the last attempt
}

// Error names the policy, the number of attempts, the reason and the last error.
func (e *RetryError) Error() string { return e.text(noLimit) }

func (e *RetryError) text(limit int) string {
	attempts := "1 attempt"
	if e.Attempts != 1 {
		attempts = fmt.Sprintf("%d attempts", e.Attempts)
	}
	why := ""
	switch e.Reason {
	case ReasonAttempts:
	case ReasonDeadline:
		why = " (no time for another before the deadline)"
	case ReasonBudget:
		why = " (the retry budget is spent)"
	case ReasonShutdown:
		why = " (the system is shut down)"
	default:
		why = " (" + Printable(e.Reason) + ")"
	}
	return fmt.Sprintf("Retry '%s' gave up after %s%s: %s", shown(e.Name), attempts, why, ErrorText(e.Err, limit))
}

// Unwrap returns Err and the error that Reason stands for.
func (e *RetryError) Unwrap() (errs []error) {
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	switch e.Reason {
	case ReasonAttempts:
		errs = append(errs, ErrExhausted)
	case ReasonDeadline:
		errs = append(errs, context.DeadlineExceeded)
	case ReasonCancelled:
		errs = append(errs, context.Canceled)
	case ReasonShutdown:
		errs = append(errs, ErrShutdown)
	case ReasonCrashed:
		errs = append(errs, ErrCrashed)
	}
	return errs
}

// Retrying reports that an attempt failed and that the next one follows after
// Delay.
type Retrying struct {
	Name        string
	Attempt     int // the one that failed: 1, 2, 3, ...
	MaxAttempts int
	Delay       time.Duration
	Err         error
	At          time.Time
}

func (Retrying) event() EventKind { return EventKind(CallRetried) }

// Log returns a WARN.
func (e Retrying) Log() (slog.Level, string, []slog.Attr) {
	return CallRetried.Level(), fmt.Sprintf("Retry '%s' attempt %d failed, again in %v", shown(e.Name), e.Attempt, e.Delay), []slog.Attr{
		slog.String("retry", e.Name), slog.Int("attempt", e.Attempt), slog.Int("of", e.MaxAttempts),
		slog.Duration("delay", e.Delay), slog.Any("error", e.Err)}
}

// RetryExhausted reports that a retry gave up.
type RetryExhausted struct {
	Name     string
	Attempts int
	Reason   string // attempts, deadline, budget, cancelled, shutdown or crashed
	Err      error
	At       time.Time
}

func (RetryExhausted) event() EventKind { return EventKind(CallGaveUp) }

// Log returns a WARN.
func (e RetryExhausted) Log() (slog.Level, string, []slog.Attr) {
	return CallGaveUp.Level(), fmt.Sprintf("Retry '%s' gave up after %d attempts (%s)", shown(e.Name), e.Attempts, Printable(e.Reason)), []slog.Attr{
		slog.String("retry", e.Name), slog.Int("attempts", e.Attempts), slog.String("reason", e.Reason), slog.Any("error", e.Err)}
}
