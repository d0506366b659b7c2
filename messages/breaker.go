package messages

import "time"

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
	Took       time.Duration // from its admission to its end; 0: not measured
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
type Control struct {
	Order  Order
	Reason string // of Trip
}

// Order is what an operator may order.
type Order uint8

// The orders.
const (
	Reset     Order = iota // CLOSED, counts cleared, automatic again
	ForceOpen              // refuse everything until Reset
	Disable                // admit everything until Reset
	Trip                   // OPEN now, for ResetTimeout
	TryNow                 // HALF_OPEN now, if it is OPEN by itself
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
	Opened, HalfOpened, Closed   uint64 // how often the circuit entered that state

	LastFailure   error     // the last error that counted as a failure; nil: none did, or it was a panic
	LastFailureAt time.Time // when that was; zero: never

	Trials         int           // trials running now
	FailureRate    float64       // share of failures in the window, 0 to 1; 0 below MinimumCalls, or if no rate is set
	TimeUntilReset time.Duration // until trials begin; 0 unless OPEN
}
