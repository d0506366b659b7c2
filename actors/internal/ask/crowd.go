package ask

import "sync/atomic"

// crowd is whether many askers wait. One that waits is resumed only after all
// goroutines that are ready: with 10,000 of them, tens of milliseconds after its
// answer. So in a crowd an asker first looks for the answer for about as long as an
// owner needs that another goroutine is running. Otherwise it waits at once, which
// costs less.
type crowd struct {
	waiting atomic.Int32
	left    atomic.Int32 // how many more askers assume a crowd
}

const (
	many    = 8    // more askers that wait at the same time are a crowd
	assumed = 4096 // so many askers after it assume one
	spins   = 4000 // how often an asker looks for its answer: for about 2 µs
)

// isThere reports whether there is a crowd.
func (c *crowd) isThere() bool {
	left := c.left.Load()
	if left > 0 {
		c.left.Store(left - 1) // approximate: other askers may store at the same time
	}
	return left > 0
}

// enter records that an asker waits, leave that it waits no longer.
func (c *crowd) enter() {
	if c.waiting.Add(1) > many {
		c.left.Store(assumed)
	}
}

func (c *crowd) leave() { c.waiting.Add(-1) }

// answeredSoon reports whether the answer is in the cell now, or soon.
func (c *Cell[Q, A]) answeredSoon() bool {
	for range spins {
		if c.state.Load() == answered {
			return true
		}
	}
	return false
}
