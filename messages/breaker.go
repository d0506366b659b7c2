package messages

import (
	"fmt"
	"log/slog"
	"time"
)

// State is the state of a circuit breaker.
type State uint8

// The states of a circuit breaker. The zero value is Closed.
const (
	Closed   State = iota // calls are admitted
	Open                  // calls are refused
	HalfOpen              // a few trials are admitted, to test whether the dependency has recovered
)

// String returns "CLOSED", "OPEN" or "HALF_OPEN".
func (s State) String() string {
	switch s {
	case Closed:
		return "CLOSED"
	case Open:
		return "OPEN"
	case HalfOpen:
		return "HALF_OPEN"
	}
	return "UNKNOWN"
}

// Outcome is what the end of a call says about the dependency.
type Outcome uint8

// The outcomes of a call. The zero value is Success.
const (
	Success Outcome = iota // the dependency works
	Failure                // the dependency does not work
	Ignored                // neither
)

// String returns "success", "failure" or "ignored".
func (o Outcome) String() string {
	switch o {
	case Success:
		return "success"
	case Failure:
		return "failure"
	case Ignored:
		return "ignored"
	}
	return "unknown"
}

// Mode says whether a breaker decides its state itself or an operator does.
type Mode uint8

// The modes of a breaker. The zero value is Automatic.
const (
	Automatic  Mode = iota // the breaker decides
	ForcedOpen             // after ForceOpen: all calls are refused until Reset
	Disabled               // after Disable: all calls are admitted until Reset
)

// String returns "automatic", "forced open" or "disabled".
func (m Mode) String() string {
	switch m {
	case Automatic:
		return "automatic"
	case ForcedOpen:
		return "forced open"
	case Disabled:
		return "disabled"
	}
	return "unknown"
}

// Permit is the admission of one call. A result counts only in the epoch of its
// permit; a trial's result counts once.
type Permit struct {
	Epoch   uint64        // rises with each change of state or mode
	Trial   uint64        // the trial's number; 0: an ordinary call
	Within  bool          // the call runs on a trial that runs already; its end counts for nothing
	Started time.Duration // when it was admitted, on the clock of the breakers; 0: its duration is not measured
}

// Call asks a breaker's owner to admit a call. The answer is a Permit, or a
// *CircuitOpenError.
type Call struct {
	Within Permit // the trial that the call is a part of; zero: none
}

// Result reports to a breaker's owner how an admitted call ended. The answer is
// whether it was taken: not if the settings that judged it have been replaced.
type Result struct {
	Permit     Permit
	Outcome    Outcome
	Slow       bool
	Settings   uint64        // the number of the settings that Outcome and Slow depend on; 0: on none
	RetryAfter time.Duration // the wait that the error asks for; 0: none
	Err        error         // of the call; nil: it succeeded, panicked or was cancelled
}

// CallEnd reports the end of one call of a breaker, or of one attempt of a retry,
// to the user.
type CallEnd struct {
	Kind, Name string
	Outcome    Outcome
	Refused    bool
	Duration   time.Duration // since its admission; 0: refused
	Err        error         // nil: it succeeded, or panicked
}

// Probe asks for a run of a health check as a trial of a half-open breaker, in
// place of a caller's call.
type Probe struct {
	Permit Permit
	Check  string    // the name of the check
	Until  time.Time // the trial fails if there is no answer by then
}

// Probed reports to a breaker's owner the result of a Probe.
type Probed struct {
	Permit  Permit
	Status  Status // of that run of the check; Unknown: there is no check of that name
	Message string // why
}

// Tick reports to an owner that its timer has fired. A Tick of another
// generation than the timer's current one is stale and has no effect.
type Tick struct{ Generation uint64 }

// Control is an operator's order to a breaker's owner.
type Control struct{ Order Order }

// Order is what an operator may order.
type Order uint8

// The orders.
const (
	Reset     Order = iota // CLOSED, counts cleared, automatic again
	ForceOpen              // refuse everything until Reset
	Disable                // admit everything until Reset
)

// BreakerStats is what a breaker has counted.
type BreakerStats struct {
	Name                string
	State               State
	Mode                Mode
	ConsecutiveFailures int

	// Totals since the breaker was made.
	Successes, Failures, Ignored uint64
	Rejected                     uint64 // calls refused
	Late                         uint64 // results of calls admitted before the last change of state; they have no other effect
	Slow                         uint64 // results that took SlowCall or longer
	Opened                       uint64 // how often the circuit opened

	Trials         int           // trials running now
	FailureRate    float64       // share of failures in the window, 0 to 1; 0 below MinimumCalls, or if no rate is set
	TimeUntilReset time.Duration // until trials begin; 0 unless OPEN
}

// CircuitOpenError reports that a breaker refused a call. There is one per
// opening, shared by all callers that are refused: do not modify it. errors.Is
// reports that it is ErrCircuitOpen.
type CircuitOpenError struct {
	Name   string    // of the breaker
	State  State     // Open; or HalfOpen, when all trials are taken or a probe makes them
	Forced bool      // an operator forced it open: it stays open until Reset
	Until  time.Time // when trials begin; zero: not known
	Probe  string    // HalfOpen: the health check whose runs are the trials; "": callers' calls are
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
	Reason   string // in a few words: "5 failures", "reset timeout is over", "service recovered"
	Failures int    // failures that count towards the change; 0 if they had no part in it
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
