package api

import (
	"context"
	"errors"
	"time"
)

// Permanent marks err as not to be retried, whatever Retryable says. The mark
// reads like err and unwraps to it. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

// RetryAfter makes the next wait the longer of delay and the back-off. No
// jitter is added to delay, and the wait is capped at MaxDelay. The mark reads
// like err and unwraps to it. RetryAfter(nil, delay) is nil.
func RetryAfter(err error, delay time.Duration) error {
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

// wishOf returns how long err asks to wait at least; 0: it does not say.
func wishOf(err error) time.Duration {
	if mark, ok := errors.AsType[*retryAfter](err); ok {
		return mark.delay
	}
	return 0
}

// isRetryable asks the policy's own function, or decides as the default does.
func isRetryable(own func(error) bool, err error) bool {
	if _, marked := errors.AsType[*permanent](err); marked {
		return false
	}
	if own != nil {
		return own(err)
	}
	return !errors.Is(err, context.Canceled) &&
		!errors.Is(err, ErrCircuitOpen) &&
		!errors.Is(err, ErrShutdown)
}
