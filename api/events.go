package api

import "github.com/understudy-go/understudy/messages"

// Event is something worth knowing that happened in a System: BreakerChanged,
// ProbeUnanswered, CheckChanged, CheckRestarted, Retrying, RetryExhausted, TimedOut,
// FallbackUsed or Dropped. Subscribe delivers them.
type Event = messages.Event

// The events.
type (
	// BreakerChanged tells that a breaker changed its state or mode: Name, From,
	// To, Reason ("5 failures"), Failures, At.
	BreakerChanged = messages.BreakerChanged
	// ProbeUnanswered tells that no health check has the name of a breaker's
	// probe, and that callers make the trials: Name, Probe, Reason, At.
	ProbeUnanswered = messages.ProbeUnanswered
	// CheckChanged tells that a health check changed its status: Name, From, To, Message, At, Lasted (how
	// long it had been From), Failures (in a row until then) and Flapping.
	CheckChanged = messages.CheckChanged
	// CheckRestarted tells that a supervisor restarted a check that panicked: Name, Restarts, Reason, At.
	CheckRestarted = messages.CheckRestarted
	// Retrying tells that an attempt failed and another follows: Name, Attempt, MaxAttempts, Delay, Err, At.
	Retrying = messages.Retrying
	// RetryExhausted tells that a retry gave up: Name, Attempts, Reason, Err, At.
	RetryExhausted = messages.RetryExhausted
	// TimedOut tells that a Timeout fired around a breaker or retry: Operation, Limit, At.
	TimedOut = messages.TimedOut
	// FallbackUsed tells that a fallback answered: Index (1 is the first), Cause, At.
	FallbackUsed = messages.FallbackUsed
	// Dropped tells a subscriber that it was too slow and lost Count events here.
	Dropped = messages.Dropped
)
