package messages

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Attempt reports to a retry's owner that an attempt failed, and asks what to do
// next.
type Attempt struct {
	At         time.Time
	Number     int           // the attempt that failed: 1, 2, 3, ...
	Calls      uint64        // calls that began within the budget's window, this one included
	Settings   uint64        // the number of the settings that Retryable and Backoff depend on
	Retryable  bool          // whether the policy retries after the error
	Backoff    time.Duration // what the policy's Backoff returned; 0 if it has none
	RetryAfter time.Duration // the minimum wait that the error asks for; 0: none
	Deadline   time.Time     // when the caller's context ends; zero: never
}

// Verdict answers an Attempt: try again after Delay, or give up for Reason. If
// Replaced is set, nothing is decided or counted, because the settings that judged
// the attempt have been replaced: judge it again.
type Verdict struct {
	Again    bool
	Replaced bool
	Delay    time.Duration
	Reason   string // "" if Again or Replaced
}

// The reasons why a retry gives up.
const (
	ReasonNotRetryable = "not retryable" // the error must not be retried
	ReasonAttempts     = "attempts"      // no attempts are left
	ReasonDeadline     = "deadline"      // the wait would not end before the caller's deadline
	ReasonBudget       = "budget"        // the retry budget is spent
	ReasonCancelled    = "cancelled"     // the caller's context was cancelled during an attempt or a wait
	ReasonRefused      = "refused"       // an attempt was refused, after one that had failed
	ReasonShutdown     = "shutdown"      // the system was shut down
	ReasonCrashed      = "crashed"       // the owner crashed while it decided
)

// RetryStats is what a retry policy has counted since it was made.
type RetryStats struct {
	Name      string
	Calls     uint64 // calls begun
	Retries   uint64 // second and later attempts allowed
	Exhausted uint64 // calls given up because no attempts were left
	Throttled uint64 // calls given up because the budget was spent
	Recovered uint64 // calls that succeeded at a later attempt than the first

	Waited time.Duration // sum of the waits granted
}

// RetryError reports that a retry policy gave up. It unwraps to Err, to Cause and,
// as Reason says, to
//
//	"attempts"   ErrExhausted
//	"deadline"   context.DeadlineExceeded: the next wait would not end in time
//	"budget"     nothing more
//	"cancelled"  context.Canceled
//	"refused"    nothing more: Cause is the refusal
//	"shutdown"   ErrShutdown
//	"crashed"    ErrCrashed: the policy's actor crashed while it decided, a bug in this library
type RetryError struct {
	Name     string // of the policy
	Attempts int    // how many were made
	Reason   string // attempts, deadline, budget, cancelled, refused, shutdown or crashed
	Err      error  // of the last attempt; if that was refused, of the last one that failed, if any
	Cause    error  // beside Err: the refusal of the last attempt, and context.Cause of the caller's context if that ended with a cause of its own; nil: neither
}

// Error names the policy, the number of attempts, the reason, its cause and the
// last error.
func (e *RetryError) Error() string { return e.text(noLimit) }

func (e *RetryError) text(limit int) string {
	attempts := "1 attempt"
	if e.Attempts != 1 {
		attempts = fmt.Sprintf("%d attempts", e.Attempts)
	}
	why := e.Reason
	switch e.Reason {
	case ReasonAttempts:
		why = ""
	case ReasonDeadline:
		why = "no time for another before the deadline"
	case ReasonBudget:
		why = "the retry budget is spent"
	case ReasonShutdown:
		why = "the system is shut down"
	}
	if e.Cause != nil {
		why = strings.TrimPrefix(why+": "+ErrorText(e.Cause, limit), ": ")
	}
	if why != "" {
		why = " (" + Printable(why) + ")"
	}
	return fmt.Sprintf("Retry '%s' gave up after %s%s: %s", shown(e.Name), attempts, why, ErrorText(e.Err, limit))
}

// Unwrap returns Err, Cause and the error that Reason stands for.
func (e *RetryError) Unwrap() (errs []error) {
	for _, err := range []error{e.Err, e.Cause} {
		if err != nil {
			errs = append(errs, err)
		}
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
	MaxAttempts int // -1: no limit
	Delay       time.Duration
	Err         error
	At          time.Time
}

func (Retrying) event() EventKind { return EventKind(CallRetried) }

// Log returns a WARN.
func (e Retrying) Log() (slog.Level, string, []slog.Attr) {
	of := slog.Int("of", e.MaxAttempts)
	if e.MaxAttempts < 0 {
		of = slog.String("of", "unlimited")
	}
	return CallRetried.Level(), fmt.Sprintf("Retry '%s' attempt %d failed, again in %v", shown(e.Name), e.Attempt, e.Delay), []slog.Attr{
		slog.String("retry", e.Name), slog.Int("attempt", e.Attempt), of,
		slog.Duration("delay", e.Delay), slog.Any("error", e.Err)}
}

// RetryExhausted reports that a retry gave up.
type RetryExhausted struct {
	Name     string
	Attempts int
	Reason   string // attempts, deadline, budget, cancelled, refused, shutdown or crashed
	Err      error
	At       time.Time
}

func (RetryExhausted) event() EventKind { return EventKind(CallGaveUp) }

// Log returns a WARN.
func (e RetryExhausted) Log() (slog.Level, string, []slog.Attr) {
	return CallGaveUp.Level(), fmt.Sprintf("Retry '%s' gave up after %d attempts (%s)", shown(e.Name), e.Attempts, Printable(e.Reason)), []slog.Attr{
		slog.String("retry", e.Name), slog.Int("attempts", e.Attempts), slog.String("reason", e.Reason), slog.Any("error", e.Err)}
}
