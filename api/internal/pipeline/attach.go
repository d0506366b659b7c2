package pipeline

import (
	"cmp"
	"context"
	"time"

	"github.com/understudy-go/understudy/messages"
)

func (t Timeout) operation() string { return cmp.Or(t.Operation, "operation") }

// fired emits TimedOut for the error of a timeout, and returns that error.
func fired(runtime Runtime, e *messages.TimeoutError) *messages.TimeoutError {
	if runtime != nil {
		runtime.Emit(messages.TimedOut{Operation: e.Operation, Limit: e.Limit, At: time.Now()})
	}
	return e
}

// runAttached runs fn under a cooperative timeout: in the caller's goroutine,
// with a ctx that ends at the limit.
func runAttached(ctx context.Context, runtime Runtime, t Timeout, fn func(context.Context) error) error {
	if t.Limit <= 0 {
		return fired(runtime, &messages.TimeoutError{Operation: t.operation(), Limit: t.Limit})
	}
	d := &deadlineContext{}
	d.begin(ctx, t.Limit, false)
	defer d.cancel(context.Canceled)
	err, _ := d.asTimeout(runtime, t, fn(d))
	return err
}
