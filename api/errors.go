package api

import "github.com/understudy-go/understudy/messages"

// The sentinels, for errors.Is.
var (
	ErrCircuitOpen = messages.ErrCircuitOpen // a breaker refused the call: *CircuitOpenError
	ErrTimeout     = messages.ErrTimeout     // a Timeout fired: *TimeoutError
	ErrExhausted   = messages.ErrExhausted   // a Retry ran out of attempts: *RetryError
	ErrShutdown    = messages.ErrShutdown    // the System is shut down
	ErrConfig      = messages.ErrConfig      // invalid settings or arguments: *ConfigError
	ErrCrashed     = messages.ErrCrashed     // the actor crashed on this message and was restarted: a defect of this library
)

// CircuitOpenError reports that a breaker refused a call: "Circuit breaker 'x' is
// open. Resets in 40.0s". Its fields are Name, State, Forced, Until (when trials
// begin; zero: not known), Probe (the health check whose runs are the trials; "":
// calls are the trials) and Last (the failure that opened the circuit; nil: forced
// open, tripped, slow calls or a panic). Last is for people to read: errors.Is and
// errors.As do not find it. RetryAfter returns how long the circuit will stay open, as
// of now; 0 if that is not known, because the circuit is forced open or half-open.
// It is ErrCircuitOpen. All refused callers share it: do not change it.
type CircuitOpenError = messages.CircuitOpenError

// TimeoutError reports that a Timeout fired: "Operation 'x' timed out after
// 10.5s". Its fields are Operation, Limit and Err (the error that the call returned
// after the limit, or that of its last attempt before the limit; nil: none). It is
// ErrTimeout and context.DeadlineExceeded, unwraps to Err, and is a net.Error whose
// Timeout and Temporary return true.
type TimeoutError = messages.TimeoutError

// RetryError reports that a Retry gave up. Its fields are Name, Attempts (how many
// were made), Reason, Err (the error of the last attempt; if that was refused, of the
// last one that failed) and Cause (the refusal of the last attempt, if Err is of
// another; context.Cause of the ctx, if that ended with a cause of its own; nil:
// neither). It unwraps to Err, to Cause and, depending on Reason, to
//
//	"attempts"   ErrExhausted
//	"deadline"   context.DeadlineExceeded: the next wait would not end in time
//	"budget"     nothing else
//	"cancelled"  context.Canceled
//	"refused"    nothing else: a policy inside refused an attempt, after one had failed
//	"shutdown"   ErrShutdown
//	"crashed"    ErrCrashed: the actor of the policy crashed, a defect of this library
type RetryError = messages.RetryError

// FallbackError reports that a call and all its fallbacks failed. Its fields are
// Name (of the Fallback; empty for Do) and Errs (in order, the error of the call
// first). It unwraps to all of Errs.
type FallbackError = messages.FallbackError

// ConfigError reports an invalid setting or argument. Its fields are Kind (of the
// thing: "breaker"), Name (of the thing; may be empty), Field (the setting or
// argument) and Problem ("must not be negative: -1s"). It is ErrConfig.
type ConfigError = messages.ConfigError
