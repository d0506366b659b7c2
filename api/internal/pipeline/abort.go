package pipeline

import (
	"context"
	"errors"
	"slices"
)

// abortable is a call inside a hard timeout. Its function may go on running after
// the timeout has settled its outcome.
type abortable interface {
	// abort settles the outcome as if the call had returned err, unless it is
	// settled already, and returns once it is counted.
	abort(err error)
}

// add registers a call that is about to run inside. If the context has ended,
// add returns its error, and the call must not run.
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

// remove takes back what add registered.
func (d *deadlineContext) remove(a abortable) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if i := slices.Index(d.extras.running, a); i >= 0 {
		d.extras.running = slices.Delete(d.extras.running, i, i+1)
	}
}

// leave takes back what add registered for inner, the context of a call that has
// returned. If that is held, or calls are still running inside, it stays registered.
func (d *deadlineContext) leave(inner *deadlineContext) {
	inner.mu.Lock()
	held, busy := inner.err == nil, inner.extras != nil && len(inner.extras.running) > 0
	inner.mu.Unlock()
	switch {
	case held:
		inner.AfterFunc(func() { d.leave(inner) })
	case !busy:
		d.remove(inner)
	}
}

// abort ends the context, and then settles every call inside with cause. It returns
// once all of their outcomes are counted. If cause is context.DeadlineExceeded, or
// a TimeoutError, the context ends with context.DeadlineExceeded itself.
func (d *deadlineContext) abort(cause error) {
	end := cause
	if errors.Is(cause, context.DeadlineExceeded) {
		end = context.DeadlineExceeded
	}
	d.cancel(end)
	d.holdNothing()
	d.mu.Lock()
	running := slices.Clone(d.lockedExtras().running)
	d.mu.Unlock()
	abortAll(running, cause)
}

// abortAll aborts each of running with cause, even if a classifier panics.
func abortAll(running []abortable, cause error) {
	if len(running) > 0 {
		defer abortAll(running[1:], cause)
		running[0].abort(cause)
	}
}
