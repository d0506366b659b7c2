package api

import "github.com/understudy-go/understudy/messages"

// State is the state of a breaker: Closed, Open or HalfOpen. String returns
// "CLOSED", "OPEN" or "HALF_OPEN".
type State = messages.State

// The states of a breaker. The zero value is Closed.
const (
	Closed   = messages.Closed   // calls are admitted
	Open     = messages.Open     // calls are refused
	HalfOpen = messages.HalfOpen // a few trials are admitted
)

// Outcome is the result of a call as a breaker counts it.
type Outcome = messages.Outcome

// The outcomes of a call. The zero value is Success.
const (
	Success = messages.Success // the dependency works
	Failure = messages.Failure // the dependency does not work
	Ignored = messages.Ignored // the result says nothing about the dependency
)

// Mode is what decides the state of a breaker.
type Mode = messages.Mode

// The modes of a breaker. The zero value is Automatic.
const (
	Automatic  = messages.Automatic  // the outcomes of calls
	ForcedOpen = messages.ForcedOpen // ForceOpen was called, and not Reset
	Disabled   = messages.Disabled   // Disable was called, and not Reset
)
