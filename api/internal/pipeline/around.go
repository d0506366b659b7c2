package pipeline

import (
	"context"
	"sync"

	"github.com/understudy-go/understudy/messages"
)

// runAround runs fn under inner, through a policy of the user's own. The user
// may keep next, so everything here may escape.
func runAround[T any](ctx context.Context, policy Around, inner *Line, fn func(context.Context) (T, error)) (T, error) {
	c := &aroundCall[T]{inner: inner, fn: fn}
	err := policy(ctx, c.next)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = true // a later next runs nothing
	c.left = true
	return c.v, err
}

// aroundCall is a call through an Around.
type aroundCall[T any] struct {
	inner *Line
	fn    func(context.Context) (T, error)

	mu    sync.Mutex
	begun bool // next was called, or must not be called any more
	left  bool // the Around has returned
	v     T
}

// next runs the call once.
func (c *aroundCall[T]) next(ctx context.Context) error {
	if err := Check(ctx, false); err != nil {
		return err
	}
	c.mu.Lock()
	again := c.begun
	c.begun = true
	c.mu.Unlock()
	if again {
		return &messages.ConfigError{Kind: "policy", Field: "Around", Problem: "must call next once, before it returns"}
	}
	v, err := do(ctx, c.inner, c.fn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.left {
		c.v = v
	}
	return err
}
