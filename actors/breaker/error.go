package breaker

import (
	"fmt"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// CircuitOpenError refuses a call. It is made once per opening and shared by
// all who are refused. It is ErrCircuitOpen.
type CircuitOpenError struct {
	Name   string         // of the breaker
	State  messages.State // Open, or HalfOpen when all trials are taken or the probe is asked
	Forced bool           // ForceOpen: it stays open until Reset
	until  time.Time      // when trials begin; zero: not known
	probe  string         // HalfOpen: the health check that makes the trials; "": callers do
}

// Error tells when the circuit resets, as of now.
func (e *CircuitOpenError) Error() string {
	name := e.Name
	switch {
	case e.Forced:
		return fmt.Sprintf("Circuit breaker '%s' is forced open until it is reset", name)
	case e.State == messages.HalfOpen && e.probe != "":
		return fmt.Sprintf("Circuit breaker '%s' is half-open and waits for its probe '%s'", name, e.probe)
	case e.State == messages.HalfOpen:
		return fmt.Sprintf("Circuit breaker '%s' is half-open and all its trials are taken", name)
	}
	return fmt.Sprintf("Circuit breaker '%s' is open. Resets in %.1fs", name, e.RetryAfter().Seconds())
}

// RetryAfter returns how long it takes, as of now, until the circuit lets
// trials through; 0 when that is not known (forced open, half-open).
func (e *CircuitOpenError) RetryAfter() time.Duration {
	if e.until.IsZero() {
		return 0
	}
	return max(0, time.Until(e.until))
}

// Is makes errors.Is(err, ErrCircuitOpen) true.
func (e *CircuitOpenError) Is(target error) bool { return target == messages.ErrCircuitOpen }
