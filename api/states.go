package api

import "github.com/understudy-go/understudy/messages"

// State is where a breaker stands: Closed, Open or HalfOpen. Its String is
// "CLOSED", "OPEN" or "HALF_OPEN".
type State = messages.State

// The states of a breaker. The zero value is Closed.
const (
	Closed   = messages.Closed   // calls are admitted
	Open     = messages.Open     // calls are refused
	HalfOpen = messages.HalfOpen // a few trials are admitted
)

// Outcome is what a breaker makes of how a call ended.
type Outcome = messages.Outcome

// The outcomes of a call. The zero value is Success.
const (
	Success = messages.Success // the dependency works
	Failure = messages.Failure // it does not
	Ignored = messages.Ignored // says nothing about it
)

// Mode is who decides a breaker's state.
type Mode = messages.Mode

// The modes of a breaker. The zero value is Automatic.
const (
	Automatic  = messages.Automatic  // the breaker itself
	ForcedOpen = messages.ForcedOpen // ForceOpen, until Reset
	Disabled   = messages.Disabled   // Disable, until Reset
)
