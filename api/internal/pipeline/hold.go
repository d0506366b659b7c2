package pipeline

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Hold keeps the ctx of the timeouts around alive after their calls have returned
// nil, until release is called, their limits have passed or the caller's ctx ends.
// What a failed attempt holds is released. Without a timeout around, Hold does
// nothing. release may be called often and concurrently.
func Hold(ctx context.Context) (release func()) {
	if ctx == nil {
		return noRelease
	}
	in := around(ctx)
	if in.timeout == nil || in.timeout.Err() != nil {
		return noRelease
	}
	h := &hold{timeout: in.timeout}
	for d := in.timeout; d != nil; d = d.outerTimeout {
		d.hold(1)
	}
	for s := in.outer; s != nil; s = s.outer {
		s.holds().add(h)
	}
	return h.release
}

func noRelease() {}

// holds returns what the attempt or the timeout that the scope is holds; nil: it need
// not know.
func (s *scope) holds() *holds {
	switch {
	case s.loop != nil:
		return &s.loop.holds
	case s.timeout != nil && (s.timeout.looped || s.timeout.outerTimeout != nil):
		return s.timeout.inside()
	}
	return nil
}

// inside returns what the calls inside the timeout hold.
func (d *deadlineContext) inside() *holds {
	d.mu.Lock()
	defer d.mu.Unlock()
	return &d.lockedExtras().inside
}

// holdNothing releases, in the timeouts around, what was held in a call that has
// failed, and what still will be.
func (d *deadlineContext) holdNothing() {
	if d.outerTimeout != nil {
		d.inside().end()
	}
}

// hold is what one call of Hold holds: a timeout and those around it.
type hold struct {
	timeout  *deadlineContext
	released atomic.Bool
}

func (h *hold) release() {
	if h.released.Swap(true) {
		return
	}
	for d := h.timeout; d != nil; d = d.outerTimeout {
		if d.hold(-1) {
			d.cancel(context.Canceled)
		}
	}
}

// hold adds n to the holds. It reports whether the call has returned and nothing
// holds its ctx any more.
func (d *deadlineContext) hold(n int32) (isFree bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.holds += n
	return d.finished && d.holds == 0
}

// holds is what an attempt, or the call of a timeout, holds. Safe for concurrent use.
type holds struct {
	mu    sync.Mutex
	all   []*hold
	ended bool // what is added is released at once
}

func (h *holds) add(one *hold) {
	if h == nil {
		return
	}
	h.mu.Lock()
	ended := h.ended
	if !ended {
		h.all = append(h.all, one)
	}
	h.mu.Unlock()
	if ended {
		one.release()
	}
}

// end releases all, and what is added from now on.
func (h *holds) end() {
	h.mu.Lock()
	h.ended = true
	h.mu.Unlock()
	h.release()
}

// release releases all, because the attempt or the call has failed.
func (h *holds) release() {
	if h == nil {
		return
	}
	h.mu.Lock()
	all := slices.Clone(h.all)
	h.all = nil
	h.mu.Unlock()
	for _, one := range all {
		one.release()
	}
}
