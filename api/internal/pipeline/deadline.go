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

// deadlineContext is the context of a call under a timeout. It carries the
// deadline and costs no timer until somebody asks for Done; Err looks at the
// clock.
type deadlineContext struct {
	context.Context               // the caller's
	began           time.Duration // since epoch
	limit           time.Duration
	isDetached      bool
	outer           *deadlineContext // the timeout around, of either kind

	mu     sync.Mutex
	over   atomic.Bool // err is set
	err    error
	extras *extras // nil until one of them is needed
}

// extras holds fields that most calls never use; it is allocated on demand.
type extras struct {
	at      time.Time     // the deadline
	last    error         // the last error of an attempt inside
	done    chan struct{} // made when asked for
	timer   *time.Timer   // likewise
	release func() bool   // stops listening to the caller's ctx
	after   []*afterFunc
	running []abortable // what a hard timeout aborts when it fires
}

// epoch is when these contexts count from: time.Since reads one clock, time.Now
// two.
var epoch = time.Now()

type (
	deadlineKey struct{} // the innermost timeout around
	detachedKey struct{} // the innermost hard one
)

func (d *deadlineContext) begin(ctx context.Context, limit time.Duration, isDetached bool) {
	d.Context, d.began, d.limit, d.isDetached = ctx, time.Since(epoch), limit, isDetached
	d.outer, _ = ctx.Value(deadlineKey{}).(*deadlineContext)
}

// Deadline returns the earlier of the limit and the caller's own deadline.
func (d *deadlineContext) Deadline() (time.Time, bool) {
	at := d.at()
	if callers, ok := d.Context.Deadline(); ok && callers.Before(at) {
		return callers, true
	}
	return at, true
}

// remaining returns how long it is until the limit.
func (d *deadlineContext) remaining() time.Duration { return d.limit - (time.Since(epoch) - d.began) }

// passed reports whether the limit has passed.
func (d *deadlineContext) passed() bool { return d.remaining() <= 0 }

// at returns when the limit is reached, always the same.
func (d *deadlineContext) at() time.Time {
	d.mu.Lock()
	defer d.mu.Unlock()
	x := d.lockedExtras()
	if x.at.IsZero() {
		x.at = time.Now().Add(d.remaining())
	}
	return x.at
}

// lockedExtras returns the extras, and makes them if there are none. mu is held.
func (d *deadlineContext) lockedExtras() *extras {
	if d.extras == nil {
		d.extras = &extras{}
	}
	return d.extras
}

// Value finds the timeouts around, and the caller's values.
func (d *deadlineContext) Value(key any) any {
	switch key.(type) {
	case deadlineKey:
		return d
	case detachedKey:
		if d.isDetached {
			return d
		}
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

// Done is closed when Err is no longer nil.
//
// The timer is set under mu, so that a cancel which comes later stops it. The
// caller's ctx is listened to after mu is released, because AfterFunc may run
// cancel at once.
func (d *deadlineContext) Done() <-chan struct{} {
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
	d.listen()
	return x.done
}

// listen passes the end of the caller's ctx on.
func (d *deadlineContext) listen() {
	if d.Context.Done() == nil {
		return
	}
	stop := context.AfterFunc(d.Context, func() { d.cancel(d.Context.Err()) })
	d.mu.Lock()
	d.lockedExtras().release = stop
	ended := d.err != nil
	d.mu.Unlock()
	if ended {
		stop()
	}
}

// afterFunc is one function to call when the context ends.
type afterFunc struct{ f func() }

// AfterFunc lets derived contexts follow this one without a goroutine each.
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

// cancel ends the context with err, unless it has ended, and returns what it
// ended with.
func (d *deadlineContext) cancel(err error) error {
	d.mu.Lock()
	if d.err != nil {
		defer d.mu.Unlock()
		return d.err
	}
	d.err = err
	d.over.Store(true)
	if d.extras == nil {
		d.mu.Unlock()
		return err
	}
	after := d.extras.after
	d.extras.after = nil
	timer, release := d.extras.timer, d.extras.release
	if d.extras.done != nil {
		close(d.extras.done)
	}
	d.mu.Unlock()
	if timer != nil {
		timer.Stop()
	}
	if release != nil {
		release()
	}
	for _, a := range after {
		go a.f() // as context.AfterFunc does; ends with f
	}
	return err
}

// noteAttempt remembers the error of an attempt that failed, for the timeouts
// around: it may be all that their error can say.
func noteAttempt(ctx context.Context, err error) {
	d, _ := ctx.Value(deadlineKey{}).(*deadlineContext)
	for ; d != nil; d = d.outer {
		if d.Err() != nil {
			continue
		}
		d.mu.Lock()
		d.lockedExtras().last = err
		d.mu.Unlock()
	}
}

// timeoutError is what the caller of a timeout gets when it fired. err is what
// the call returned, if it did.
func (d *deadlineContext) timeoutError(t Timeout, err error) *messages.TimeoutError {
	d.mu.Lock()
	defer d.mu.Unlock()
	if last := d.lockedExtras().last; last != nil {
		err = last
	}
	if r, ok := err.(*messages.RetryError); ok { // it says only that this deadline passed: report its cause instead
		err = r.Err
	}
	if err == context.DeadlineExceeded { // itself: it says nothing that TimeoutError does not
		err = nil
	}
	return &messages.TimeoutError{Operation: t.operation(), Limit: t.Limit, Err: err}
}

// asTimeout turns the error of a call into a TimeoutError, and emits it, if the
// error says that the limit, and not the caller's own deadline, has passed.
func (d *deadlineContext) asTimeout(runtime Runtime, t Timeout, err error) (judged error, hasFired bool) {
	if err == nil || !errors.Is(err, context.DeadlineExceeded) || !d.passed() {
		return err, false
	}
	if callers, ok := d.Context.Deadline(); ok && callers.Before(d.at()) {
		return err, false
	}
	return fired(runtime, d.timeoutError(t, err)), true
}
