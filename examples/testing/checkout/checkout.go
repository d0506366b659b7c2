// Package checkout charges orders through a payment service that may fail. Its
// tests show how to test code that uses understudy: in virtual time, with scripted
// failures.
package checkout

import (
	"context"
	"errors"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

// Payments is the payment service.
type Payments interface {
	Charge(ctx context.Context, order string) (receipt string, err error)
}

// ErrDeclined is returned when the customer's bank refuses. The payment service
// works.
var ErrDeclined = errors.New("card declined")

// Queued is the receipt of an order that will be charged later.
const Queued = "queued"

// Checkout charges orders. Safe for concurrent use.
type Checkout struct {
	charge func(ctx context.Context, order string) (string, error)
}

// New returns a Checkout whose calls to payments are guarded by sys. An order
// that cannot be charged now is handed to queue.
func New(sys *understudy.System, payments Payments, queue func(order string)) (*Checkout, error) {
	breaker, err := sys.Breaker("payments", understudy.BreakerConfig{
		FailureThreshold: 5,
		ResetTimeout:     time.Minute,
		Classify:         outcome,
	})
	if err != nil {
		return nil, err
	}
	retry, err := sys.Retry("payments", understudy.RetryConfig{
		MaxAttempts:  3,
		InitialDelay: time.Second,
		Classify:     outcome,
	})
	if err != nil {
		return nil, err
	}
	guard := understudy.Compose(understudy.Timeout(10*time.Second), retry, breaker)

	chargeLater := func(ctx context.Context, order string) (string, error) {
		if cause := understudy.Cause(ctx); errors.Is(cause, ErrDeclined) {
			return "", cause
		}
		queue(order)
		return Queued, nil
	}
	return &Checkout{charge: understudy.Wrap1(guard, payments.Charge, chargeLater)}, nil
}

// outcome is the rule of the breaker and of the retry. A declined card is a success:
// the payment service answered, and a further attempt would be declined, too.
func outcome(err error) understudy.Outcome {
	if err == nil || errors.Is(err, ErrDeclined) {
		return understudy.Success
	}
	return understudy.Failure
}

// Charge charges an order and returns its receipt, or Queued. ErrDeclined means
// that the order will not be charged.
func (c *Checkout) Charge(ctx context.Context, order string) (string, error) {
	return c.charge(ctx, order)
}
