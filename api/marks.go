package api

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Permanent marks err as not to be retried, whatever Retryable returns. The marked
// error has the text of err and unwraps to it. Permanent(nil) is nil.
//
// The mark is for the nearest Retry around it. That Retry takes the mark off the
// error that it returns. If the mark is wrapped, other Retries do not see it, while
// errors.Is and errors.As see the whole error. A mark is never written to, so a
// variable of a package can be one.
func Permanent(err error) error { return messages.Permanent(err) }

// RetryAfter marks err with a minimum delay before the next attempt. The wait is
// the longer of delay and the back-off, but at most MaxDelay; no jitter is added to
// delay. If an error has several of these marks, the longest delay counts. The marked
// error has the text of err and unwraps to it. RetryAfter(nil, delay) is nil.
//
// The mark is for the nearest Retry around it, as that of Permanent is, and for the
// breakers inside that Retry: a circuit that such a failure opens stays open for at
// least delay, but at most MaxResetTimeout.
func RetryAfter(err error, delay time.Duration) error { return messages.RetryAfter(err, delay) }
