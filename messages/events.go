package messages

import "time"

// Event is something worth knowing that happened. It is one of
// BreakerChanged, ProbeUnanswered, CheckChanged, CheckRestarted, Retrying, RetryExhausted,
// TimedOut, FallbackUsed and Dropped.
type Event interface{ event() }

// BreakerChanged tells that a circuit breaker changed its state or its mode.
type BreakerChanged struct {
	Name     string
	From, To State
	Reason   string // why, in a few words: "5 failures", "reset timeout is over", "service recovered"
	Failures int    // failures that count towards the change, when failures made it
	At       time.Time
}

// ProbeUnanswered tells that a breaker found nobody behind the name of its
// probe, so that callers make the trials this time.
type ProbeUnanswered struct {
	Name   string // of the breaker
	Probe  string // the health check it asked for
	Reason string // "Check 'x' not found"
	At     time.Time
}

// CheckChanged tells that a health check changed its status.
type CheckChanged struct {
	Name     string
	From, To Status
	Message  string
	At       time.Time
	Lasted   time.Duration // how long it had been From; 0 for the first result
	Failures int           // runs that failed in a row until then, when it became UNHEALTHY or recovered
	Flapping bool          // it changes too often to be believed
}

// CheckRestarted tells that a supervisor restarted a health check that panicked.
type CheckRestarted struct {
	Name     string
	Restarts int    // how often so far
	Reason   string // what it panicked with
	At       time.Time
}

// Retrying tells that an attempt failed and another will follow after Delay.
type Retrying struct {
	Name        string
	Attempt     int // the one that failed
	MaxAttempts int
	Delay       time.Duration
	Err         error
	At          time.Time
}

// RetryExhausted tells that a retry gave up.
type RetryExhausted struct {
	Name     string
	Attempts int
	Reason   string // attempts, deadline, budget, cancelled, shutdown or crashed
	Err      error
	At       time.Time
}

// TimedOut tells that a Timeout fired.
type TimedOut struct {
	Operation string
	Limit     time.Duration
	At        time.Time
}

// FallbackUsed tells that a fallback answered for a call that failed.
type FallbackUsed struct {
	Index int   // which fallback answered: 1 is the first
	Cause error // why it was needed
	At    time.Time
}

// Dropped tells a subscriber that it was too slow and lost Count events here.
type Dropped struct{ Count int }

func (BreakerChanged) event()  {}
func (ProbeUnanswered) event() {}
func (CheckChanged) event()    {}
func (CheckRestarted) event()  {}
func (Retrying) event()        {}
func (RetryExhausted) event()  {}
func (TimedOut) event()        {}
func (FallbackUsed) event()    {}
func (Dropped) event()         {}
