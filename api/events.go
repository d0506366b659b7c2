package api

import "github.com/understudy-go/understudy/messages"

// Event is something that happened in a System. It is one of BreakerChanged,
// ProbeUnanswered, CheckChanged, CheckRestarted, Retrying, RetryExhausted, TimedOut,
// FallbackUsed and Dropped. System.Subscribe and SubscribeTo deliver events.
type Event = messages.Event

// The events, each with its fields. At is when it happened.
type (
	// BreakerChanged reports that a breaker changed its state or mode: Name, From, To, Mode (from now on), Reason
	// ("5 failures"), Failures (that caused the change; else 0), Last (the failure that opened it; else nil), At.
	BreakerChanged = messages.BreakerChanged
	// ProbeUnanswered reports that no health check has the name of a breaker's
	// Probe, so that calls are the trials of this HALF_OPEN: Name, Probe, Reason, At.
	ProbeUnanswered = messages.ProbeUnanswered
	// CheckChanged reports that a health check changed its status: Name, From, To, Message, At, Lasted (how
	// long the status had been From), Failures (consecutive, until then) and Flapping.
	CheckChanged = messages.CheckChanged
	// CheckRestarted reports that the supervisor restarted a check that panicked: Name, Restarts, Reason, At.
	CheckRestarted = messages.CheckRestarted
	// Retrying reports that an attempt failed and another one will follow after Delay: Name, Attempt, MaxAttempts, Delay, Err, At.
	Retrying = messages.Retrying
	// RetryExhausted reports that a Retry gave up: Name, Attempts, Reason, Err, At.
	RetryExhausted = messages.RetryExhausted
	// TimedOut reports that a Timeout around a breaker or retry fired: Operation, Limit, At.
	TimedOut = messages.TimedOut
	// FallbackUsed reports that a fallback succeeded: Index (1 is the first), Cause (the errors so far), At.
	FallbackUsed = messages.FallbackUsed
	// Dropped reports to a subscriber that it was too slow and that Count events were dropped here.
	Dropped = messages.Dropped
)
