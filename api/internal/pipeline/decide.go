package pipeline

import (
	"context"
	"log/slog"
	"runtime/debug"

	"github.com/understudy-go/understudy/messages"
	"github.com/understudy-go/understudy/system"
)

// This file decides what came first in a detached call, the return of fn or the end
// of its context, and what follows from it.

// isInTime reports whether a call inside, which has returned err, did so before the
// context ended. If that ends the whole call, the answer is final: the caller waits
// for what remains to be counted.
func (c *detached) isInTime(e ends, err error) bool {
	if e.with(err) {
		return c.claim(err)
	}
	c.mu.Lock()
	over := c.inTime || c.finished
	c.mu.Unlock()
	return over || c.Err() == nil
}

// claim decides, for fn, that it returned err before the context ended, and reports
// whether it did. If that is the return of a hard timeout around, too, it is decided
// for both or for neither.
func (c *detached) claim(err error) bool {
	callers, passed := c.callersErr(), c.passed() // without a lock: ctx may be the user's
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lockedClaim(err, callers == nil && !passed)
}

// lockedClaim is claim with mu held. isAlive reports that neither the limit has passed
// nor the caller's ctx has ended.
func (c *detached) lockedClaim(err error, isAlive bool) bool {
	if c.inTime || c.late || !isAlive || c.deadlineContext.err != nil {
		return c.inTime
	}
	outer := c.outerHard
	c.inTime = outer == nil || c.stage == nil || !c.stage.in.ends.with(err) || outer.claim(err)
	return c.inTime
}

// callersErr returns the error of the caller's ctx. If that panics, it has none: in the
// goroutine of fn nothing else would recover it.
func (c *detached) callersErr() (err error) {
	defer func() { _ = recover() }()
	return c.Context.Err()
}

// end stores how the call of fn ended, wakes the caller, and reports whether it ended
// in time.
func (c *detached) end(err error, panicked any) (inTime bool) {
	callers, passed := c.callersErr(), c.passed()
	c.mu.Lock()
	defer c.mu.Unlock()
	inTime = c.lockedClaim(err, callers == nil && !passed)
	c.err, c.panicked, c.returned, c.late = err, panicked, true, !inTime
	if c.leftBehind {
		c.countLeftBehind(-1)
	}
	c.changed.Signal()
	return inTime
}

// countLeftBehind counts in the runtime, with mu held: fn's goroutine is added before
// it is taken away.
func (c *detached) countLeftBehind(n int64) {
	if c.stage != nil && c.stage.Runtime != nil {
		c.stage.Runtime.LeftBehind(n)
	}
}

func (c *detached) callerIsDone() {
	c.mu.Lock()
	c.callerDone = true
	c.changed.Signal()
	c.mu.Unlock()
}

func (c *detached) hasReturned() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.returned
}

// wait blocks until fn has returned. If it does not return in time, wait blocks no
// longer than until the context ends, decides that fn is late, and leaves its
// goroutine behind.
func (c *detached) wait() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.returned && (c.inTime || !c.expired && !c.callerDone) {
		c.changed.Wait()
	}
	if !c.returned {
		c.late, c.leftBehind = true, true
		c.countLeftBehind(1)
	}
}

// giveUp returns the error of a call that is late: that of the caller's ctx, or a
// *TimeoutError. Before it returns, every call inside is settled with that error.
func (c *detached) giveUp() error {
	c.mu.Lock()
	returned := c.err // nil: it has not returned
	c.mu.Unlock()
	c.noteLate(true)
	end := c.Err()
	if end == nil { // Done of the caller's ctx is closed, but it has no error
		end = c.cancel(messages.EndOf(c.Context))
	}
	if !c.endedByCaller() {
		end = c.fire(returned)
	}
	c.abort(end)
	return end
}

// noteLate stores in the hard timeout around, if it is in the same line, whether this
// call was late.
func (c *detached) noteLate(late bool) {
	if c.outerHard != nil && c.stage != nil && c.stage.in.ends != never {
		c.outerHard.lateInside = late
	}
}

// cause returns the error that a call inside is settled with when it has returned
// err after the context has ended.
func (c *detached) cause(err error) error {
	if c.endedByCaller() {
		return c.Err()
	}
	return c.timeoutError(err)
}

// dropped passes what fn returned too late to Late, unless a timeout in the same line
// has done so.
func (c *detached) dropped(v any, err error) {
	if c.lateInside || c.stage == nil || c.stage.Timeout.Late == nil {
		return
	}
	if _, none := v.(struct{}); none {
		v = nil
	}
	defer func() {
		if panicked := recover(); panicked != nil {
			c.log("Late panicked", panicked)
		}
	}()
	c.stage.Timeout.Late(v, err)
}

// logPanic logs a panic of fn with its stack. It holds no lock meanwhile, because
// a slow log must not delay the caller beyond the limit.
func (c *detached) logPanic(panicked any) {
	sentence := "A call panicked under its timeout"
	if c.over.Load() || c.passed() { // Err may call the user's code
		sentence = "A call panicked after its timeout; its caller has gone"
	}
	c.log(sentence, panicked)
}

// log logs a panic of the user's code with its stack. The log does not panic.
func (c *detached) log(sentence string, panicked any) {
	logger := system.Sheltered(slog.Default())
	if c.stage != nil && c.stage.Runtime != nil {
		logger = c.stage.Runtime.Logger()
	}
	logger.ErrorContext(context.WithoutCancel(c.Context), sentence, "panic", panicked, "stack", string(debug.Stack()))
}
