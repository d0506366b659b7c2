package api

import (
	"time"

	"github.com/understudy-go/understudy/actors/retry"
)

// Permanent marks err as not to be retried, whatever Retryable says. The mark
// reads like err and unwraps to it. Permanent(nil) is nil.
func Permanent(err error) error { return retry.Permanent(err) }

// RetryAfter makes the next wait the longer of delay and the back-off. No
// jitter is added to delay, and the wait is capped at MaxDelay. The mark reads
// like err and unwraps to it. RetryAfter(nil, delay) is nil.
func RetryAfter(err error, delay time.Duration) error { return retry.After(err, delay) }
