package pipeline

import (
	"context"
	"sync"

	"github.com/understudy-go/understudy/messages"
)

// runAround runs fn under inner, through a policy that the user wrote. The policy
// may keep next after it has returned, so the call is on the heap.
func runAround[T any](ctx context.Context, policy Around, inner *Line, fn func(context.Context) (T, error)) (T, error) {
	c := &aroundCall[T]{inner: inner, fn: fn}
	err := policy(ctx, c.next)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.started = true // a later next runs nothing
	c.returned = true
	return c.v, err
}

// aroundCall is a call through an Around.
type aroundCall[T any] struct {
	inner *Line
	fn    func(context.Context) (T, error)

	mu       sync.Mutex
	started  bool // next was called, or must no longer be called
	returned bool // the Around has returned
	v        T
}

// next runs the call. A second call of next, or one after the Around has
// returned, is a *ConfigError and runs nothing.
func (c *aroundCall[T]) next(ctx context.Context) error {
	if err := Validate(ctx, false); err != nil {
		return err
	}
	c.mu.Lock()
	again := c.started
	c.started = true
	c.mu.Unlock()
	if again {
		return &messages.ConfigError{Kind: "policy", Field: "Around", Problem: "must call next once, before it returns"}
	}
	v, err := do(ctx, c.inner, c.fn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.returned {
		c.v = Kept(v, err)
	}
	return err
}
