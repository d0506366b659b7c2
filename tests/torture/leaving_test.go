package torture

import (
	"context"
	"sync"
)

// callerCtx is the ctx of a call. Its caller may leave while the call waits or runs.
type callerCtx struct {
	context.Context
	done chan struct{}

	mu        sync.Mutex
	impatient bool // it is cancelled as soon as something waits for its end
	err       error
}

// ctx returns the ctx of the next call. The callers of some leave before they are
// admitted.
func (c *client) ctx() *callerCtx {
	ctx := &callerCtx{Context: context.Background(), done: make(chan struct{})}
	switch n := c.random.IntN(100); {
	case n < c.mix.leave/8:
		ctx.end(context.Canceled)
	case n < c.mix.leave:
		ctx.impatient = true
	}
	return ctx
}

// stay makes the ctx end no longer because something waits for its end. It returns the
// error of the ctx.
func (c *callerCtx) stay() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.impatient = false
	return c.err
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
	c.lockedEnd(err)
}

func (c *callerCtx) lockedEnd(err error) {
	if c.err == nil {
		c.err = err
		close(c.done)
	}
}

func (c *callerCtx) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.impatient {
		c.lockedEnd(context.Canceled)
	}
	return c.done
}

func (c *callerCtx) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}
