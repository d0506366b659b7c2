package torture

import (
	"context"
	"sync"
)

// callerCtx is the ctx of a call. Its caller may leave while the call waits or runs.
type callerCtx struct {
	context.Context
	impatient bool // it is cancelled as soon as something waits for its end
	done      chan struct{}

	mu  sync.Mutex
	err error
}

// ctx returns the ctx of the next call. Some are impatient.
func (c *client) ctx() *callerCtx {
	return &callerCtx{
		Context: context.Background(), impatient: c.random.IntN(100) < c.mix.leave, done: make(chan struct{}),
	}
}

// quits returns the error that ends the ctx of a running call, or nil. Most callers
// that leave cancel it; for others its deadline passes.
func (c *client) quits() error {
	switch {
	case c.random.IntN(100) >= c.mix.quit:
		return nil
	case c.random.IntN(3) == 0:
		return context.DeadlineExceeded
	}
	return context.Canceled
}

// end ends the ctx with err, unless it has ended.
func (c *callerCtx) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		c.err = err
		close(c.done)
	}
}

func (c *callerCtx) Done() <-chan struct{} {
	if c.impatient {
		c.end(context.Canceled)
	}
	return c.done
}

func (c *callerCtx) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
