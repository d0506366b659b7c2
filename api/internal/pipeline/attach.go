package pipeline

import (
	"context"

	"github.com/understudy-go/understudy/messages"
)

// runAttached runs fn under a cooperative timeout: in the caller's goroutine,
// with a ctx that ends at the limit.
func runAttached(ctx context.Context, runtime Runtime, t Timeout, fn func(context.Context) error) error {
	if t.Limit <= 0 {
		return fired(ctx, runtime, &messages.TimeoutError{Operation: t.operation(), Limit: t.Limit})
	}
	d := &deadlineContext{}
	d.begin(ctx, t.Limit, false)
	defer d.cancel(context.Canceled)
	err, _ := d.asTimeout(runtime, t, fn(d))
	return err
}
