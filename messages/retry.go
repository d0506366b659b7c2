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
	Reason string // why; "" with Again
}

// The reasons why a retry gives up. "" means that it has not given up.
const (
	ReasonNotRetryable = "not retryable" // the error is not one to retry
	ReasonAttempts     = "attempts"      // no attempts are left
	ReasonDeadline     = "deadline"      // the wait would not end before the caller's deadline
	ReasonBudget       = "budget"        // the retry budget is spent
	ReasonCancelled    = "cancelled"     // the caller's context was cancelled during the wait
	ReasonShutdown     = "shutdown"      // the system was shut down
	ReasonCrashed      = "crashed"       // the owner crashed on the question
)

// RetryStats is what a retry policy has counted since it was made.
type RetryStats struct {
	Name      string
	Calls     uint64 // calls begun
	Retries   uint64 // second and later attempts allowed
	Exhausted uint64 // calls given up because no attempts were left
	Throttled uint64 // calls given up because the budget was spent
}
