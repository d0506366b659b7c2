package messages

import (
	"fmt"
	"time"
)

// State is where a circuit breaker stands.
type State uint8

// The states of a circuit breaker. The zero value is Closed.
const (
	Closed   State = iota // calls are admitted
	Open                  // calls are refused
	HalfOpen              // a few trials are admitted, to see whether the dependency is well again
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

// Outcome is what a breaker makes of how a call ended.
type Outcome uint8

// The outcomes of a call. The zero value is Success.
const (
	Success Outcome = iota // the dependency is well
	Failure                // the dependency is not well
	Ignored                // says nothing about the dependency
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

// Mode tells who decides the state of a breaker.
type Mode uint8

// The modes of a breaker. The zero value is Automatic.
const (
	Automatic  Mode = iota // the breaker itself
	ForcedOpen             // ForceOpen: it refuses everything until Reset
	Disabled               // Disable: it admits everything until Reset
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
	Started time.Duration // when it was admitted, on the clock of the gate; 0: how long it takes does not matter
}

// Call asks a breaker's owner to admit a call. The answer is a Permit, or the
// refusal as an error.
type Call struct{}

// Result tells a breaker's owner how an admitted call ended.
type Result struct {
	Permit  Permit
	Outcome Outcome
	Slow    bool
}

// Probe asks a health check, for a breaker's owner, whether the dependency is
// well again: a trial that costs no caller anything.
type Probe struct {
	Permit Permit
	Check  string    // the name of the check
	Until  time.Time // not answered by then: failed
}

// Probed tells a breaker's owner what became of a Probe.
type Probed struct {
	Permit  Permit
	Status  Status // what this run of the check said; Unknown: nobody answers to its name
	Message string // why
}

// Tick tells an owner that a moment it asked for has come. A Tick of another
// generation than the owner's is stale and does nothing.
type Tick struct{ Generation uint64 }

// Control is an operator's order to a breaker's owner.
type Control struct{ Order Order }

// Order is what an operator wants of a breaker.
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
	Late                         uint64 // results from before the last change of state; they moved nothing
	Slow                         uint64 // results that took SlowCall or longer
	Opened                       uint64 // how often the circuit opened

	Trials         int           // trials running now
	FailureRate    float64       // share of failures in the window; 0 below MinimumCalls, or when no rate is set
	TimeUntilReset time.Duration // until trials begin; 0 unless OPEN
}

// CircuitOpenError refuses a call. It is made once per opening and shared by
// all callers that are refused: do not change it. It is ErrCircuitOpen.
type CircuitOpenError struct {
	Name   string    // of the breaker
	State  State     // Open, or HalfOpen when all trials are taken or the probe is asked
	Forced bool      // ForceOpen: it stays open until Reset
	Until  time.Time // when trials begin; zero: not known
	Probe  string    // HalfOpen: the health check that makes the trials; "": callers do
}

// Error says when the circuit resets, as of now.
func (e *CircuitOpenError) Error() string {
	switch {
	case e.Forced:
		return fmt.Sprintf("Circuit breaker '%s' is forced open until it is reset", e.Name)
	case e.State == HalfOpen && e.Probe != "":
		return fmt.Sprintf("Circuit breaker '%s' is half-open and waits for its probe '%s'", e.Name, e.Probe)
	case e.State == HalfOpen:
		return fmt.Sprintf("Circuit breaker '%s' is half-open and all its trials are taken", e.Name)
	}
	return fmt.Sprintf("Circuit breaker '%s' is open. Resets in %.1fs", e.Name, e.RetryAfter().Seconds())
}

// RetryAfter returns how long it takes, as of now, until the circuit lets
// trials through; 0 when that is not known (forced open, half-open).
func (e *CircuitOpenError) RetryAfter() time.Duration {
	if e.Until.IsZero() {
		return 0
	}
	return max(0, time.Until(e.Until))
}

// Is makes errors.Is(err, ErrCircuitOpen) true.
func (e *CircuitOpenError) Is(target error) bool { return target == ErrCircuitOpen }
