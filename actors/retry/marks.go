package retry

import (
	"errors"

	"github.com/understudy-go/understudy/messages"
)

// retries reports whether to retry after err: never if it is from Permanent, else
// as Retryable, or its default, decides.
func (c *Config) retries(err error) bool {
	if messages.MarksOf(err).Permanent {
		return false
	}
	if c.Retryable != nil {
		return c.Retryable(err)
	}
	return !messages.IsNeutral(err) && !errors.Is(err, messages.ErrShutdown)
}
