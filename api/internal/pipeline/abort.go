package pipeline

import (
	"context"
	"errors"
	"slices"
)

// abortable is something inside a hard timeout that can be ended from outside.
type abortable interface{ abort(err error) }

// add registers something that runs inside; an error means that it must not run.
func (d *deadlineContext) add(a abortable) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	x := d.lockedExtras()
	x.running = append(x.running, a)
	return nil
}

func (d *deadlineContext) remove(a abortable) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.Index(d.extras.running, a); i >= 0 {
		d.extras.running = slices.Delete(d.extras.running, i, i+1)
	}
}

// abort ends the context with the error that its ctx shows and hands cause to
// everything that runs inside; it returns when all have settled.
func (d *deadlineContext) abort(cause error) {
	end := cause
	if errors.Is(cause, context.DeadlineExceeded) {
		end = context.DeadlineExceeded
	}
	d.cancel(end)
	d.mu.Lock()
	running := slices.Clone(d.lockedExtras().running)
	d.mu.Unlock()
	abortAll(running, cause)
}

// abortAll hands cause to each of running, and to the rest even if a classifier
// panics on the way.
func abortAll(running []abortable, cause error) {
	if len(running) > 0 {
		defer abortAll(running[1:], cause)
		running[0].abort(cause)
	}
}
