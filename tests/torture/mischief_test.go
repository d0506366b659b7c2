package torture

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// mischief is what code of the user does that does not know how to behave: it panics,
// sleeps, ends its goroutine or calls back, at random, until it is tamed.
type mischief struct {
	mu     sync.Mutex
	random *rand.Rand
	tamed  atomic.Bool
	back   func() // calls back into the system
	done   atomic.Int64
}

// ways are the kinds of mischief that a place allows.
type ways uint8

const (
	mayPanic ways = 1 << iota
	maySleep
	mayExit // runtime.Goexit
	mayCall // back
)

// do does something at one in five calls.
func (m *mischief) do(allowed ways) {
	m.mu.Lock()
	n, sleep := m.random.IntN(20), time.Duration(m.random.Int64N(int64(3*time.Second)))
	m.mu.Unlock()
	if n > 3 || m.tamed.Load() || allowed&(1<<n) == 0 {
		return
	}
	m.done.Add(1)
	switch ways(1 << n) {
	case mayPanic:
		panic("mischief")
	case maySleep:
		time.Sleep(sleep)
	case mayExit:
		runtime.Goexit()
	case mayCall:
		m.back()
	}
}

// badLog is a log that misbehaves.
type badLog struct {
	slog.Handler
	m *mischief
}

func (l badLog) Enabled(context.Context, slog.Level) bool {
	l.m.do(mayPanic | maySleep | mayExit | mayCall)
	return true
}

func (l badLog) Handle(_ context.Context, r slog.Record) error {
	l.m.do(mayPanic | maySleep | mayExit | mayCall)
	r.Attrs(func(a slog.Attr) bool { _ = a.Value.Resolve().String(); return true })
	return errBoom
}

func (l badLog) WithAttrs([]slog.Attr) slog.Handler { return l }
func (l badLog) WithGroup(string) slog.Handler      { return l }

// badError is an error all of whose methods misbehave.
type badError struct{ m *mischief }

func (e *badError) Error() string { e.m.do(mayPanic | maySleep); return "bad" }

func (e *badError) Is(target error) bool {
	e.m.do(mayPanic | maySleep)
	return target == errMiss
}

func (e *badError) As(any) bool   { e.m.do(mayPanic | maySleep); return false }
func (e *badError) Unwrap() error { e.m.do(mayPanic | maySleep); return errBoom }

// badContext is a ctx whose Done is closed before it has an error, or which never
// ends. Its methods misbehave, except that none panics where package context calls it
// in a goroutine of its own: no library could recover that.
type badContext struct {
	context.Context
	m    *mischief
	ends bool
	done chan struct{}
	err  atomic.Pointer[error]
}

func (c *badContext) misbehave() {
	if c.ends {
		c.m.do(maySleep)
		return
	}
	c.m.do(mayPanic | maySleep)
}

func (c *badContext) Deadline() (time.Time, bool) { c.misbehave(); return time.Time{}, false }
func (c *badContext) Done() <-chan struct{}       { c.m.do(maySleep); return c.done }
func (c *badContext) Value(any) any               { c.misbehave(); return nil }

func (c *badContext) Err() error {
	c.misbehave()
	if err := c.err.Load(); err != nil {
		return *err
	}
	return nil
}

// end ends the ctx: first Done, and a second later Err.
func (c *badContext) end() {
	close(c.done)
	time.Sleep(time.Second)
	c.err.Store(&[]error{context.Canceled, context.DeadlineExceeded, errors.New("over")}[c.m.kind()])
}

// kind draws the kind of an error.
func (m *mischief) kind() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.random.IntN(3)
}
