package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// errGoexit is the error of a detached call that ended with runtime.Goexit.
var errGoexit = errors.New("the call ended its goroutine (runtime.Goexit)")

// detachedCall is a call under a hard timeout. Two goroutines share it: the
// caller's, which waits, and fn's. mu guards the fields after it.
//
// Invariant: once returned is true, v, err and panicked no longer change. The
// caller reads them only after it has seen returned; otherwise it sets abandoned
// and never reads them.
type detachedCall[T any] struct {
	deadlineContext
	runtime Runtime
	inner   *Line
	fn      func(context.Context) (T, error)

	mu         sync.Mutex
	changed    sync.Cond // returned, expired or callerDone became true
	started    bool      // startOrExpire was called
	returned   bool      // fn has returned
	expired    bool      // the limit has passed
	callerDone bool      // the caller's ctx is done
	abandoned  bool      // the caller has returned, or is about to
	v          T
	err        error
	panicked   any
}

// runDetached runs fn under inner and a hard timeout: in another goroutine. It
// waits for fn until the limit, or until ctx ends.
func runDetached[T any](ctx context.Context, rt Runtime, t Timeout, inner *Line, fn func(context.Context) (T, error)) (v T, err error) {
	if err := ctx.Err(); err != nil {
		return v, err
	}
	if t.Limit <= 0 {
		return v, fired(ctx, rt, &messages.TimeoutError{Operation: t.operation(), Limit: t.Limit})
	}
	c := &detachedCall[T]{runtime: rt, inner: inner, fn: fn}
	c.changed.L = &c.mu
	c.begin(ctx, t.Limit, true)
	if outer, ok := ctx.Value(detachedKey{}).(*deadlineContext); ok {
		if err := outer.add(&c.deadlineContext); err != nil {
			return v, err
		}
		defer outer.remove(&c.deadlineContext)
	}
	startOrExpire := c.startOrExpire
	go startOrExpire() // ends when fn does
	runtime.Gosched()  // a fast fn has returned by now and needs no timer
	if !c.hasReturned() {
		timer := time.AfterFunc(c.remaining(), startOrExpire)
		defer timer.Stop()
		if ctx.Done() != nil {
			defer context.AfterFunc(ctx, c.callerIsDone)()
		}
		if returned, callerDone := c.wait(); !returned {
			return v, c.abandon(t, callerDone)
		}
	}
	c.cancel(context.Canceled)
	if c.panicked != nil {
		panic(c.panicked)
	}
	err, hasFired := c.asTimeout(rt, t, c.err)
	if hasFired {
		c.abort(err) // the calls that fn has left running
	}
	return c.v, err
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

func (c *detachedCall[T]) callerIsDone() {
	c.mu.Lock()
	c.callerDone = true
	c.changed.Signal()
	c.mu.Unlock()
}

func (c *detachedCall[T]) hasReturned() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.returned
}

// wait blocks until fn has returned, the limit has passed or the caller's ctx is
// done. If fn has not returned, the call is abandoned.
func (c *detachedCall[T]) wait() (returned, callerDone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.returned && !c.expired && !c.callerDone {
		c.changed.Wait()
	}
	c.abandoned = !c.returned
	return c.returned, c.callerDone
}

// abandon returns the error that the caller gets, because its ctx is done or the
// limit has passed. Before it returns, every call inside is settled with that
// error.
func (c *detachedCall[T]) abandon(t Timeout, callerDone bool) error {
	err := context.DeadlineExceeded
	if callerDone {
		err = c.Context.Err()
	}
	err, _ = c.asTimeout(c.runtime, t, err)
	c.abort(err)
	return err
}

// run runs fn and stores its result. It never panics: it stores a panic of fn too.
func (c *detachedCall[T]) run() {
	var v T
	var err error
	returned := false
	defer func() {
		var panicked any
		if !returned {
			panicked, err = recover(), errGoexit
		}
		if panicked != nil {
			c.logPanic(panicked)
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.v, c.err, c.panicked, c.returned = v, err, panicked, true
		c.changed.Signal()
	}()
	switch err = c.Err(); {
	case err != nil: // too late to start
	case c.inner.isEmpty(): // a shorter chain of calls needs less stack
		v, err = c.fn(&c.deadlineContext)
	default:
		v, err = do(&c.deadlineContext, c.inner, c.fn)
	}
	returned = true
}

// logPanic logs a panic of fn with its stack. It holds no lock meanwhile, because
// a slow log must not delay the caller beyond the limit.
func (c *detachedCall[T]) logPanic(panicked any) {
	logger, sentence := slog.Default(), "A call panicked under its timeout"
	if c.runtime != nil {
		logger = c.runtime.Logger()
	}
	c.mu.Lock()
	abandoned := c.abandoned
	c.mu.Unlock()
	if abandoned {
		sentence = "A call panicked after its timeout; its caller has gone"
	}
	logger.Error(sentence, "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
}
