package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
	"sync"
	"time"

	"github.com/understudy-go/understudy/system"
)

// TimeoutConfig bounds how long a call takes. It is a Policy.
//
// By default fn runs in a goroutine of its own, and the call returns at the
// limit even if fn ignores its ctx; that goroutine ends when fn does. A panic
// in fn before the limit reaches the caller with its value, its stack is
// logged; after the limit it is recovered and logged.
//
// fn's ctx carries the deadline and is cancelled when the call returns. The
// caller's own cancellation or earlier deadline is passed on as it is. When a
// Timeout fires, every Breaker whose Run is under way inside counts a failure
// before the call returns.
type TimeoutConfig struct {
	// Limit is how long the call may take; zero or less times out at once, and
	// fn is not run.
	Limit time.Duration
	// Operation names the call in the error. Default "operation".
	Operation string
	// Cooperative says that fn honours its ctx: no goroutine is used, fn's return
	// is awaited, and a success past the limit stays a success.
	Cooperative bool
}

// Timeout bounds a call by limit, with the defaults of TimeoutConfig.
func Timeout(limit time.Duration) TimeoutConfig { return TimeoutConfig{Limit: limit} }

// WithTimeout calls fn bounded by limit; a shorthand for Do.
func WithTimeout[T any](ctx context.Context, limit time.Duration, fn Func[T], fallbacks ...Func[T]) (T, error) {
	return Do(ctx, Timeout(limit), fn, fallbacks...)
}

func (TimeoutConfig) policy() {}

func (t TimeoutConfig) operation() string { return cmp.Or(t.Operation, "operation") }

// errGoexit is how runtime.Goexit in fn reads when fn ran in a goroutine of its own.
var errGoexit = errors.New("the call ended its goroutine (runtime.Goexit)")

func fired(sys *system.System, e *TimeoutError) *TimeoutError {
	if sys != nil {
		sys.Emit(TimedOut{Operation: e.Operation, Limit: e.Limit, At: time.Now()})
	}
	return e
}

// cooperate runs fn in the caller's goroutine with a ctx that ends at the limit.
func cooperate(ctx context.Context, sys *system.System, t TimeoutConfig, fn func(context.Context) error) error {
	if t.Limit <= 0 {
		return fired(sys, &TimeoutError{Operation: t.operation(), Limit: t.Limit})
	}
	s := &scope{}
	s.begin(ctx, t.Limit, false)
	defer s.cancel(context.Canceled)
	err, _ := s.judge(sys, t, fn(s))
	return err
}

// hardCall is a call that runs in a goroutine of its own.
type hardCall[T any] struct {
	scope
	sys   *system.System
	inner *plan // nil: fn alone
	fn    Func[T]

	mu       sync.Mutex
	changed  sync.Cond // one of those below became true
	begun    bool
	ended    bool // fn has returned
	due      bool // the limit has passed
	gone     bool // the caller's ctx is done
	left     bool // the caller has given up
	v        T
	err      error
	panicked any
}

// hard runs fn under inner in a goroutine of its own and waits for it until the
// limit, or until ctx ends.
func hard[T any](ctx context.Context, sys *system.System, t TimeoutConfig, inner *plan, fn Func[T]) (v T, err error) {
	if err := ctx.Err(); err != nil {
		return v, err
	}
	if t.Limit <= 0 {
		return v, fired(sys, &TimeoutError{Operation: t.operation(), Limit: t.Limit})
	}
	c := &hardCall[T]{sys: sys, inner: inner, fn: fn}
	c.changed.L = &c.mu
	c.begin(ctx, t.Limit, true)
	if outer, ok := ctx.Value(hardKey{}).(*scope); ok {
		if err := outer.add(&c.scope); err != nil {
			return v, err
		}
		defer outer.remove(&c.scope)
	}
	turn := c.turn
	go turn()         // ends when fn does
	runtime.Gosched() // a quick fn is done by now, and needs no timer
	if !c.hasEnded() {
		timer := time.AfterFunc(c.remaining(), turn)
		defer timer.Stop()
		if ctx.Done() != nil {
			defer context.AfterFunc(ctx, c.callerGone)()
		}
		if ended, gone := c.wait(); !ended {
			return v, c.leave(t, gone)
		}
	}
	c.cancel(context.Canceled)
	if c.panicked != nil {
		panic(c.panicked)
	}
	err, isFired := c.judge(sys, t, c.err)
	if isFired {
		c.take(err) // what fn has left running
	}
	return c.v, err
}

// turn is called twice, by the goroutine of fn and by the timer: the first
// caller runs fn, and the second, for whom the limit has passed, says so. One
// function for both saves an allocation; if the timer is first, fn runs in its
// goroutine, which is as good.
func (c *hardCall[T]) turn() {
	c.mu.Lock()
	first := !c.begun
	c.begun = true
	if !first {
		c.due = true
		c.changed.Signal()
	}
	c.mu.Unlock()
	if first {
		c.run()
	}
}

func (c *hardCall[T]) callerGone() {
	c.mu.Lock()
	c.gone = true
	c.changed.Signal()
	c.mu.Unlock()
}

func (c *hardCall[T]) hasEnded() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// wait returns whether fn has ended; if not, the caller leaves, because its ctx
// is gone or the limit has passed.
func (c *hardCall[T]) wait() (ended, gone bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for !c.ended && !c.due && !c.gone {
		c.changed.Wait()
	}
	c.left = !c.ended
	return c.ended, c.gone
}

// leave ends the call for its caller and hands the error to the breakers
// inside, before it returns it.
func (c *hardCall[T]) leave(t TimeoutConfig, gone bool) error {
	err := context.DeadlineExceeded
	if gone {
		err = c.Context.Err()
	}
	err, _ = c.judge(c.sys, t, err)
	c.take(err)
	return err
}

// run is the goroutine of fn.
func (c *hardCall[T]) run() {
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
		c.v, c.err, c.panicked, c.ended = v, err, panicked, true
		c.changed.Signal()
	}()
	switch err = c.Err(); {
	case err != nil: // too late to begin
	case c.inner == nil: // spares the new stack some growth
		v, err = c.fn(&c.scope)
	default:
		v, err = descend(&c.scope, c.inner, c.fn)
	}
	returned = true
}

// logPanic holds no lock while it logs: a slow log must not keep the caller
// past the limit.
func (c *hardCall[T]) logPanic(panicked any) {
	logger, sentence := slog.Default(), "A call panicked under its timeout"
	if c.sys != nil {
		logger = c.sys.Logger()
	}
	c.mu.Lock()
	left := c.left
	c.mu.Unlock()
	if left {
		sentence = "A call panicked after its timeout; its caller has gone"
	}
	logger.Error(sentence, "panic", fmt.Sprint(panicked), "stack", string(debug.Stack()))
}
