package api

import (
	"context"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/messages"
)

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
// Resets in 40.0s". It tells Name, State and whether it was Forced; its method
// RetryAfter returns how long the circuit stays open as of now, 0 when that is
// not known (forced, half-open). It is ErrCircuitOpen. It is shared by all who
// are refused: do not change it.
type CircuitOpenError = breaker.CircuitOpenError

// ConfigError tells what is wrong with settings or arguments: the Kind of thing
// ("breaker"), its Name, the Field and the Problem. It is ErrConfig.
type ConfigError = messages.ConfigError

// checkCall refuses a call that cannot be made: a nil ctx or function, or a ctx
// that is done.
func checkCall(ctx context.Context, noFn bool) error {
	switch {
	case ctx == nil:
		return &ConfigError{Kind: "call", Field: "ctx", Problem: "must not be nil"}
	case noFn:
		return &ConfigError{Kind: "call", Field: "fn", Problem: "must not be nil"}
	}
	return ctx.Err()
}
