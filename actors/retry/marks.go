package retry

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Permanent returns an error that is not retried. It has the text of err and
// unwraps to it. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

// After returns an error after which the next wait is at least delay. It has the
// text of err and unwraps to it. After(nil, delay) is nil.
func After(err error, delay time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryAfter{err, delay}
}

type permanent struct{ error }

func (p *permanent) Unwrap() error { return p.error }

type retryAfter struct {
	error
	delay time.Duration
}

func (r *retryAfter) Unwrap() error { return r.error }

// retryAfterOf returns the minimum wait that err asks for; 0: none.
func retryAfterOf(err error) time.Duration {
	if mark, ok := errors.AsType[*retryAfter](err); ok {
		return mark.delay
	}
	return 0
}

// retries reports whether to retry after err: never if it is from Permanent, else
// as Retryable, or its default, decides.
func (c *Config) retries(err error) bool {
	if _, marked := errors.AsType[*permanent](err); marked {
		return false
	}
	if c.Retryable != nil {
		return c.Retryable(err)
	}
	return !errors.Is(err, context.Canceled) &&
		!errors.Is(err, messages.ErrCircuitOpen) &&
		!errors.Is(err, messages.ErrShutdown)
}
