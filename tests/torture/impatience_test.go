package torture

import (
	"context"
	"sync/atomic"
)

// impatience returns a ctx, which may end as soon as there is something to
// wait for.
func (c *client) impatience() context.Context {
	if c.luck.IntN(100) >= c.mix.leave {
		return context.Background()
	}
	ended, end := context.WithCancel(context.Background())
	end()
	return &leaver{Context: ended}
}

// leaver is a ctx that ends right after it was looked at for the first time.
type leaver struct {
	context.Context
	looked atomic.Bool
}

func (l *leaver) Err() error {
	if l.looked.Swap(true) {
		return context.Canceled
	}
	return nil
}
