package api

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// RetryError tells that a retry policy gave up. It unwraps to Err and, as
// Reason says, to
//
//	"attempts"   ErrExhausted
//	"deadline"   context.DeadlineExceeded: the next wait would not end in time
//	"budget"     nothing more
//	"cancelled"  context.Canceled
//	"shutdown"   ErrShutdown
//
// Should the policy's actor crash on a question, which would be a defect of
// this library, the reason is "crashed".
type RetryError struct {
	Name     string // of the policy
	Attempts int    // that were made
	Reason   string // attempts, deadline, budget, cancelled, shutdown or crashed
	Err      error  // of the last attempt
}

// Error tells the name, the number of attempts, the reason and the last error.
func (e *RetryError) Error() string {
	attempts := "1 attempt"
	if e.Attempts != 1 {
		attempts = fmt.Sprintf("%d attempts", e.Attempts)
	}
	why := ""
	switch e.Reason {
	case messages.ReasonAttempts:
	case messages.ReasonDeadline:
		why = " (no time for another before the deadline)"
	case messages.ReasonBudget:
		why = " (the retry budget is spent)"
	case messages.ReasonShutdown:
		why = " (the system is shut down)"
	default:
		why = " (" + e.Reason + ")"
	}
	return fmt.Sprintf("Retry '%s' gave up after %s%s: %v", e.Name, attempts, why, e.Err)
}

// Unwrap returns the last attempt's error and what the reason stands for.
func (e *RetryError) Unwrap() (errs []error) {
	if e.Err != nil {
		errs = append(errs, e.Err)
	}
	switch e.Reason {
	case messages.ReasonAttempts:
		errs = append(errs, ErrExhausted)
	case messages.ReasonDeadline:
		errs = append(errs, context.DeadlineExceeded)
	case messages.ReasonCancelled:
		errs = append(errs, context.Canceled)
	case messages.ReasonShutdown:
		errs = append(errs, ErrShutdown)
	case messages.ReasonCrashed:
		errs = append(errs, messages.ErrCrashed)
	}
	return errs
}

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
