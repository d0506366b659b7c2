package messages

import "time"

// Attempt tells a retry's owner that an attempt failed, and asks what to do.
type Attempt struct {
	At         time.Time
	Number     int           // the attempt that failed: 1, 2, 3, ...
	Calls      uint64        // calls that began within the budget's window, this one included
	Retryable  bool          // what the policy's Retryable said of the error
	RetryAfter time.Duration // wait at least so long; 0: no wish
	Deadline   time.Time     // when the caller's context ends; zero: never
	Draw       float64       // the luck of the jitter, in [0, 1)
}

// Verdict answers an Attempt: again in Delay, or give up because of Reason.
type Verdict struct {
	Again  bool
	Delay  time.Duration
	Reason Reason
}

// Reason tells why a retry gave up.
type Reason uint8

// The reasons. The zero value is ReasonNone: it has not given up.
const (
	ReasonNone         Reason = iota
	ReasonNotRetryable        // the error is not one to retry
	ReasonAttempts            // no attempts are left
	ReasonDeadline            // the wait would not end before the caller's deadline
	ReasonBudget              // the retry budget is spent
	ReasonCancelled           // the caller's context was cancelled during the wait
	ReasonShutdown            // the system was shut down
)

// String returns the word that RetryError.Reason carries.
func (r Reason) String() string {
	switch r {
	case ReasonNotRetryable:
		return "not retryable"
	case ReasonAttempts:
		return "attempts"
	case ReasonDeadline:
		return "deadline"
	case ReasonBudget:
		return "budget"
	case ReasonCancelled:
		return "cancelled"
	case ReasonShutdown:
		return "shutdown"
	}
	return ""
}

// RetryStats is what a retry policy has counted since it was made.
type RetryStats struct {
	Name      string
	Calls     uint64 // calls begun
	Retries   uint64 // second and later attempts allowed
	Exhausted uint64 // calls given up because no attempts were left
	Throttled uint64 // calls given up because the budget was spent
}
