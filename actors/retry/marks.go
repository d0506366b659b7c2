package retry

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Permanent marks err as not to be retried. The mark reads like err and unwraps
// to it. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

// After makes the next wait at least delay. The mark reads like err and unwraps
// to it. After(nil, delay) is nil.
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

// retryAfterOf returns how long err asks to wait at least; 0: it does not say.
func retryAfterOf(err error) time.Duration {
	if mark, ok := errors.AsType[*retryAfter](err); ok {
		return mark.delay
	}
	return 0
}

// retries reports whether err is one to retry: Retryable decides, or the
// default. An error marked by Permanent never is.
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
