package torture

import (
	"context"
	"sync/atomic"
)

// impatience returns a ctx. At random, it ends as soon as a call waits for it.
func (c *client) impatience() context.Context {
	if c.random.IntN(100) >= c.mix.leave {
		return context.Background()
	}
	ended, end := context.WithCancel(context.Background())
	end()
	return &leaver{Context: ended}
}

// leaver is a ctx that ends right after the first call of Err.
type leaver struct {
	context.Context
	asked atomic.Bool
}

func (l *leaver) Err() error {
	if l.asked.Swap(true) {
		return context.Canceled
	}
	return nil
}
