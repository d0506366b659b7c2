package pipeline

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// deadlineContext is the context of a call under a timeout. It sets no timer
// until Done is called; Err reads the clock instead.
//
// Invariant: err is set once, under mu, and over is set after it. A reader that
// loads true from over may read err without mu.
type deadlineContext struct {
	context.Context               // the caller's
	began           time.Duration // since epoch
	limit           time.Duration
	stage           *Stage // of the timeout; nil: it has nothing but the limit

	scope        scope            // its innermost timeout is this one
	outerTimeout *deadlineContext // the next timeout around the call; nil: none

	mu       sync.Mutex
	over     atomic.Bool // err is set
	looped   bool        // there is a loop in the line of the timeout
	finished bool        // the call has returned
	holds    int32       // calls of Hold that are not released
	err      error
	extras   *extras // nil until one of its fields is needed
}

// extras holds fields that most calls never use; it is allocated on demand.
type extras struct {
	limitAt     time.Time     // when the limit passes; zero: not computed yet
	lastAttempt error         // the last error of an attempt inside
	done        chan struct{} // nil until Done is called
	timer       *time.Timer   // closes done at the limit
	stop        func() bool   // stops following the caller's ctx
	after       []*afterFunc  // called when the context ends
	running     []abortable   // what a hard timeout aborts when it fires
	inside      holds         // of the first attempt of a loop in the line; if there is a timeout around, of all calls inside
}

// epoch is the moment that these contexts measure from. time.Since reads one
// clock, time.Now reads two.
var epoch = time.Now()

// begin starts the limit now. ctx is the caller's.
func (d *deadlineContext) begin(ctx context.Context, limit time.Duration, s *Stage) {
	d.Context, d.began, d.limit, d.stage = ctx, time.Since(epoch), limit, s
	d.scope = around(ctx)
	d.outerTimeout = d.scope.timeout
	d.scope.timeout = d
}

// Deadline returns the earlier of the limit and the caller's own deadline.
func (d *deadlineContext) Deadline() (time.Time, bool) {
	at := d.limitAt()
	if callers, ok := d.Context.Deadline(); ok && callers.Before(at) {
		return callers, true
	}
	return at, true
}

// remaining returns how long it is until the limit; negative after it.
func (d *deadlineContext) remaining() time.Duration {
	return d.limit - (time.Since(epoch) - d.began)
}

// passed reports whether the limit has passed.
func (d *deadlineContext) passed() bool { return d.remaining() <= 0 }

// limitAt returns when the limit passes. Every call returns the same time.
func (d *deadlineContext) limitAt() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.lockedExtras()
	if x.limitAt.IsZero() {
		remaining := d.remaining()
		x.limitAt = time.Now().Add(remaining) // in this order: what ends at that time does not end before the limit
	}
	return x.limitAt
}

// lockedExtras returns the extras, and allocates them if there are none. The
// caller holds mu.
func (d *deadlineContext) lockedExtras() *extras {
	if d.extras == nil {
		d.extras = &extras{}
	}
	return d.extras
}

// Value returns the scope for its key, and the caller's values.
func (d *deadlineContext) Value(key any) any {
	if _, ok := key.(scopeKey); ok {
		return &d.scope
	}
	return d.Context.Value(key)
}

// Err returns nil until the limit has passed, the caller's ctx is done, or the
// call has returned.
func (d *deadlineContext) Err() error {
	if d.over.Load() {
		return d.err
	}
	err := d.Context.Err()
	if err == nil && d.passed() {
		err = context.DeadlineExceeded
	}
	if err == nil {
		return nil
	}
	return d.cancel(err)
}

// endedByCaller reports whether the caller's ctx ended before the limit had passed.
// The context must have ended.
func (d *deadlineContext) endedByCaller() bool {
	if !errors.Is(d.Err(), context.DeadlineExceeded) {
		return true
	}
	if at, ok := d.Context.Deadline(); ok {
		return at.Before(d.limitAt())
	}
	return errors.Is(d.Context.Err(), context.DeadlineExceeded) // a ctx with a deadline that it does not show
}

// Done returns a channel that is closed when Err becomes non-nil. If the context has
// ended unseen, Err decides with what error before there is a timer that might.
//
// The timer is set while mu is held, so that a later cancel finds it and stops
// it. follow runs without mu, because the caller's ctx may have ended, and then
// cancel, which takes mu, runs at once.
func (d *deadlineContext) Done() <-chan struct{} {
	_ = d.Err()
	d.mu.Lock()
	x := d.lockedExtras()
	if x.done != nil {
		d.mu.Unlock()
		return x.done
	}
	x.done = make(chan struct{})
	if d.err != nil {
		close(x.done)
		d.mu.Unlock()
		return x.done
	}
	x.timer = time.AfterFunc(d.remaining(), func() { d.cancel(context.DeadlineExceeded) })
	d.mu.Unlock()
	d.follow()
	return x.done
}

// follow ends the context when the caller's ctx ends. A cancel that comes before
// stop is stored cannot call it, so follow does.
func (d *deadlineContext) follow() {
	if d.Context.Done() == nil {
		return
	}
	stop := whenDone(d.Context, func() { d.cancel(messages.EndOf(d.Context)) })
	d.mu.Lock()
	d.lockedExtras().stop = stop
	ended := d.err != nil
	d.mu.Unlock()
	if ended {
		sheltered(stop)
	}
}

// sheltered calls the stop of whenDone. That calls methods of the caller's ctx, which
// must not end the process if they panic in the goroutine of a timer.
func sheltered(stop func() bool) {
	defer func() { _ = recover() }()
	stop()
}

// afterFunc is one function to call when the context ends.
type afterFunc struct{ f func() }

// AfterFunc calls f in a goroutine when the context ends, unless stop is called
// before. Package context uses it for derived contexts, which then need no
// goroutine to follow this one.
func (d *deadlineContext) AfterFunc(f func()) (stop func() bool) {
	d.Done()
	a := &afterFunc{f}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		go f() // ends with f
		return func() bool { return false }
	}
	d.extras.after = append(d.extras.after, a)
	return func() bool {
		d.mu.Lock()
		defer d.mu.Unlock()
		i := slices.Index(d.extras.after, a)
		if i < 0 {
			return false
		}
		d.extras.after = slices.Delete(d.extras.after, i, i+1)
		return true
	}
}

// cancel ends the context with err, unless it has ended already, and returns the
// error that it ended with.
func (d *deadlineContext) cancel(err error) error {
	d.mu.Lock()
	if d.err != nil {
		defer d.mu.Unlock()
		return d.err
	}
	d.endAndUnlock(err)
	return err
}

// finish ends the ctx of a call that has returned err. If the call has succeeded and
// holds the ctx, its end is left to release, the limit or the caller's ctx.
func (d *deadlineContext) finish(err error) {
	d.mu.Lock()
	d.finished = true
	switch {
	case d.err != nil:
		d.mu.Unlock()
	case err == nil && d.holds > 0:
		d.mu.Unlock()
	default:
		d.endAndUnlock(context.Canceled)
	}
	if err != nil {
		d.holdNothing()
	}
}

// endAndUnlock ends the context, which has not ended, with err. mu is held; it is
// unlocked before other code is called.
func (d *deadlineContext) endAndUnlock(err error) {
	d.err = err
	d.over.Store(true)
	if d.extras == nil {
		d.mu.Unlock()
		return
	}
	after := d.extras.after
	d.extras.after = nil
	timer, stop := d.extras.timer, d.extras.stop
	if d.extras.done != nil {
		close(d.extras.done)
	}
	d.mu.Unlock()
	if timer != nil {
		timer.Stop()
	}
	if stop != nil {
		sheltered(stop)
	}
	for _, a := range after {
		go a.f() // as context.AfterFunc does; ends with f
	}
}

// whenDone is context.AfterFunc for any ctx. That of the standard library panics when
// the Done of a ctx is closed while its Err is nil.
func whenDone(ctx context.Context, f func()) (stop func() bool) {
	if _, ok := ctx.(interface{ AfterFunc(func()) func() bool }); !ok {
		ctx = doneContext{ctx}
	}
	return context.AfterFunc(ctx, f)
}

// doneContext is a ctx whose Err is not nil. Only whenDone uses it, once Done is
// closed.
type doneContext struct{ context.Context }

func (c doneContext) Err() error { return messages.EndOf(c.Context) }
