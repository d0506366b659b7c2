package messages

import (
	"fmt"
	"log/slog"
	"time"
)

// CircuitOpenError reports that a breaker refused a call. There is one per
// opening, shared by all callers that are refused: do not modify it. errors.Is
// reports that it is ErrCircuitOpen.
type CircuitOpenError struct {
	Name   string    // of the breaker
	State  State     // Open; or HalfOpen, when all trials are taken or a probe makes them
	Forced bool      // an operator forced it open: it stays open until Reset
	Until  time.Time // when trials begin; zero: not known
	Probe  string    // HalfOpen: the health check whose runs are the trials; "": callers' calls are
	Last   error     // the failure that opened it, not unwrapped to; nil: none (forced open, tripped, slow calls, a panic)
}

// Error returns the reason, and the time from now until trials begin.
func (e *CircuitOpenError) Error() string {
	name := shown(e.Name)
	switch {
	case e.Forced:
		return fmt.Sprintf("Circuit breaker '%s' is forced open until it is reset", name)
	case e.State == HalfOpen && e.Probe != "":
		return fmt.Sprintf("Circuit breaker '%s' is half-open and waits for its probe '%s'", name, shown(e.Probe))
	case e.State == HalfOpen:
		return fmt.Sprintf("Circuit breaker '%s' is half-open and all its trials are taken", name)
	}
	return fmt.Sprintf("Circuit breaker '%s' is open. Resets in %.1fs", name, e.RetryAfter().Seconds())
}

// RetryAfter returns the time from now until trials begin; 0 if that is not
// known (forced open, half-open).
func (e *CircuitOpenError) RetryAfter() time.Duration {
	if e.Until.IsZero() {
		return 0
	}
	return max(0, time.Until(e.Until))
}

// Refused reports that the call did not run.
func (e *CircuitOpenError) Refused() bool { return true }

// Is makes errors.Is(err, ErrCircuitOpen) true.
func (e *CircuitOpenError) Is(target error) bool { return target == ErrCircuitOpen }

// BreakerChanged reports that a circuit breaker changed its state or its mode.
type BreakerChanged struct {
	Name     string
	From, To State
	Mode     Mode   // from now on
	Reason   string // in a few words: "5 failures", "reset timeout is over", "service recovered"
	Failures int    // failures that count towards the change; 0 if they had no part in it
	Last     error  // the failure that opened it; nil: none, or a panic
	At       time.Time
}

func (BreakerChanged) event() EventKind { return breakerChanged }

// Log returns a WARN if the breaker is OPEN now, else an INFO.
func (e BreakerChanged) Log() (slog.Level, string, []slog.Attr) {
	level, what := slog.LevelInfo, ""
	switch {
	case e.To == HalfOpen:
		what = "transitioning to HALF_OPEN"
	case e.To == Closed:
		what = "CLOSED - " + e.Reason
	case e.Failures > 0 && e.From == Closed:
		level, what = slog.LevelWarn, "OPEN after "+e.Reason
	default:
		level, what = slog.LevelWarn, "OPEN - "+e.Reason
	}
	return level, fmt.Sprintf("Circuit breaker '%s' %s", shown(e.Name), Printable(what)), []slog.Attr{
		slog.String("breaker", e.Name), slog.String("from", e.From.String()), slog.String("to", e.To.String()),
		slog.String("reason", e.Reason), slog.Int("failures", e.Failures)}
}

// ProbeUnanswered reports that there is no health check of the name that a
// breaker has for its probe. Until the next opening, callers' calls are the
// trials.
type ProbeUnanswered struct {
	Name   string // of the breaker
	Probe  string // the health check it asked for
	Reason string // "Check 'x' not found"
	At     time.Time
}

func (ProbeUnanswered) event() EventKind { return probeUnanswered }

// Log returns a WARN.
func (e ProbeUnanswered) Log() (slog.Level, string, []slog.Attr) {
	return slog.LevelWarn, fmt.Sprintf("Circuit breaker '%s' tries callers, its probe '%s' does not answer: %s", shown(e.Name), shown(e.Probe), Printable(e.Reason)),
		[]slog.Attr{slog.String("breaker", e.Name), slog.String("probe", e.Probe), slog.String("reason", e.Reason)}
}
