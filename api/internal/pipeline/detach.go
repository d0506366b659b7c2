package pipeline

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"time"
)

// errGoexit is the error of a detached call that ended with runtime.Goexit.
var errGoexit = errors.New("the call ended its goroutine (runtime.Goexit)")

// detached is a call under a hard timeout. Two goroutines share it: the caller's,
// which waits, and fn's. The mu of its context guards the fields.
//
// What comes first, the return of fn or the end of the context, is decided once: fn's
// side sets inTime, or the caller's side sets late. See claim and wait.
type detached struct {
	deadlineContext
	outerHard  *detached // the next hard timeout around the call; nil: none
	lateInside bool      // fn was late for a timeout in the same line; only fn's goroutine uses it

	changed    sync.Cond // one of the fields below has changed
	started    bool      // startOrExpire was called
	expired    bool      // the limit has passed
	callerDone bool      // the caller's ctx is done
	inTime     bool      // fn has returned before the context ended
	late       bool      // it has not
	returned   bool      // the call of fn is over; the fields below no longer change
	leftBehind bool      // the caller has gone before that
	err        error
	panicked   any
}

// detachedCall is a detached call with its function and its result.
type detachedCall[T any] struct {
	detached
	inner *Line
	fn    func(context.Context) (T, error)
	v     T
}

// runDetached runs fn under inner and a hard timeout: in another goroutine. It
// waits for fn until the limit, or until ctx ends.
func runDetached[T any](ctx context.Context, s *Stage, inner *Line, fn func(context.Context) (T, error)) (v T, err error) {
	if err := ctx.Err(); err != nil {
		return v, err
	}
	if s.Timeout.Limit <= 0 {
		return v, s.fireAtOnce(ctx)
	}
	if err := inner.refuse(ctx); err != nil {
		return v, err
	}
	c := &detachedCall[T]{inner: inner, fn: fn}
	c.changed.L = &c.mu
	c.begin(ctx, s.Timeout.Limit, s.lasting())
	c.outerHard, c.scope.hard = c.scope.hard, &c.detached
	if outer := c.outerHard; outer != nil {
		if err := outer.add(&c.deadlineContext); err != nil {
			return v, err
		}
		defer outer.leave(&c.deadlineContext)
	}
	startOrExpire := c.startOrExpire
	go startOrExpire() // ends when fn does
	runtime.Gosched()  // a fast fn has returned by now and needs no timer
	if !c.hasReturned() {
		timer := time.AfterFunc(c.remaining(), startOrExpire)
		defer timer.Stop()
		if ctx.Done() != nil {
			defer whenDone(ctx, c.callerIsDone)()
		}
		c.wait()
	}
	if !c.inTime {
		return v, c.giveUp()
	}
	c.noteLate(false)
	c.finish(c.err)
	if c.panicked != nil {
		panic(c.panicked)
	}
	return c.v, c.err
}

// startOrExpire is called by fn's goroutine and by the timer. The first call
// runs fn; the second marks the limit as passed. One closure for both saves an
// allocation. If the timer calls first, fn runs in the timer's goroutine, and the
// other call marks the limit as passed.
func (c *detachedCall[T]) startOrExpire() {
	c.mu.Lock()
	first := !c.started
	c.started = true
	if !first {
		c.expired = true
		c.changed.Signal()
	}
	c.mu.Unlock()
	if first {
		c.run()
	}
}

// run runs fn and stores its result. It never panics: it stores a panic of fn too.
func (c *detachedCall[T]) run() {
	var v T
	var err error
	var panicked any
	returned, ran := false, true
	defer func() { // the last one, even if the log ends this goroutine
		c.v = v
		inTime := c.end(err, panicked)
		if !inTime && returned && ran {
			c.dropped(v, err)
		}
	}()
	defer func() {
		if returned {
			return
		}
		if panicked, err = recover(), errGoexit; panicked != nil {
			c.logPanic(panicked)
		}
	}()
	switch err = c.Err(); {
	case err != nil: // too late to start
		ran = false
	case c.inner.isEmpty(): // a shorter chain of calls needs less stack
		v, err = c.fn(&c.deadlineContext)
	default:
		v, err = do(&c.deadlineContext, c.inner, c.fn)
		v = Kept(v, err)
	}
	returned = true
}

// refuse returns the refusal of the first open breaker inside a hard timeout, if
// only gates stand in between: a call that is refused needs no goroutine.
func (l *Line) refuse(ctx context.Context) error {
	for s := l.outer; s != nil; s = s.inner {
		switch s.Shape {
		case IsGate:
		case IsBreaker:
			lease, _ := s.Breaker.Lease()
			if err := lease.Refusal(); err != nil {
				s.Breaker.ReportRefusal(ctx, err)
				return err
			}
		default:
			return nil
		}
	}
	return nil
}
