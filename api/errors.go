package api

import "github.com/understudy-go/understudy/messages"

// The sentinels, for errors.Is.
var (
	ErrCircuitOpen = messages.ErrCircuitOpen // a breaker refused the call: *CircuitOpenError
	ErrTimeout     = messages.ErrTimeout     // a Timeout fired: *TimeoutError
	ErrExhausted   = messages.ErrExhausted   // a Retry ran out of attempts: *RetryError
	ErrShutdown    = messages.ErrShutdown    // the System is shut down
	ErrConfig      = messages.ErrConfig      // bad settings or arguments: *ConfigError
	ErrCrashed     = messages.ErrCrashed     // an owner crashed on this very message and was restarted
)

// CircuitOpenError is the refusal of a breaker: "Circuit breaker 'x' is open.
// Resets in 40.0s". Its fields are Name, State, Forced, Until (when trials
// begin; zero: not known) and Probe (the health check that makes the trials
// while it is half-open; "": callers do). Its method RetryAfter returns how long
// the circuit stays open as of now, 0 when that is not known (forced,
// half-open). It is ErrCircuitOpen. It is shared by all callers that are
// refused: do not change it.
type CircuitOpenError = messages.CircuitOpenError

// TimeoutError reports that a Timeout fired: "Operation 'x' timed out after
// 10.5s". Its fields are Operation, Limit and Err, the last error of an attempt
// before it fired, if any. It is ErrTimeout and context.DeadlineExceeded, and
// unwraps to Err.
type TimeoutError = messages.TimeoutError

// RetryError reports that a Retry gave up: Name, Attempts (that were made),
// Reason and Err, the last attempt's. It unwraps to Err and, as Reason says, to
//
//	"attempts"   ErrExhausted
//	"deadline"   context.DeadlineExceeded: the next wait would not end in time
//	"budget"     nothing more
//	"cancelled"  context.Canceled
//	"shutdown"   ErrShutdown
//	"crashed"    ErrCrashed: the policy's actor crashed on the question, a defect of this library
type RetryError = messages.RetryError

// FallbackError reports that a call and all its fallbacks failed: Name (of the
// Fallback; empty for Do) and Errs, in order, the call's own first. It unwraps
// to all of them.
type FallbackError = messages.FallbackError

// ConfigError reports what is wrong with settings or arguments: the Kind of
// thing ("breaker"), its Name, the Field and the Problem. It is ErrConfig.
type ConfigError = messages.ConfigError
