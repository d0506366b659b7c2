package api

import (
	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/messages"
)

// RetryConfig is how a retry policy behaves. The zero value of a field means
// its default.
//
//	MaxAttempts   int            the first one included; default 3
//	InitialDelay  time.Duration  before the second attempt; default 1 s (1 ns for none)
//	BackoffFactor float64        each wait is so many times the one before; default 2, at least 1
//	MaxDelay      time.Duration  no wait is longer, jitter and RetryAfter included; default 60 s
//	Jitter        Jitter         spreads callers that failed together; default JitterProportional
//	Retryable     func(error) bool
//	                             runs in the caller; default: all but context.Canceled,
//	                             ErrCircuitOpen, ErrShutdown and what Permanent marked
//	OnRetry       func(err error, attempt int, delay time.Duration)
//	                             runs in the caller before each wait; attempt: the one that failed
//	Budget        *RetryBudget   bounds the retries of all calls together; nil: no budget
//
// Its method Delay(attempt int) time.Duration returns a wait after that
// attempt failed, jitter included; it never overflows.
type RetryConfig = retry.Config

// RetryBudget bounds the retries of all calls of a policy together: in any
// Window at most Ratio × the calls begun in it, plus MinPerSecond × its seconds.
//
//	Ratio        float64        retries allowed per call over Window; 0 or more
//	MinPerSecond float64        always allowed on top; 0 or more
//	Window       time.Duration  what Ratio looks back on; default 10 s
type RetryBudget = retry.Budget

// Jitter spreads the waits of callers that failed together. The zero value is
// JitterProportional.
type Jitter = retry.Jitter

// The jitters of a wait d.
const (
	JitterProportional = retry.JitterProportional // ±25 % of d; the default
	JitterNone         = retry.JitterNone         // d exactly
	JitterFull         = retry.JitterFull         // 0 to d
	JitterEqual        = retry.JitterEqual        // d/2 to d
)

// RetryStats is what a retry policy has counted since it was made.
//
//	Name      string
//	Calls     uint64  calls begun
//	Retries   uint64  second and later attempts allowed
//	Exhausted uint64  calls given up because no attempts were left
//	Throttled uint64  calls given up because the budget was spent
type RetryStats = messages.RetryStats
