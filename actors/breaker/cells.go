package breaker

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// cells is a tally in parts, each on a cache line of its own, for a lease that
// many processors use at once: adding to one word, they would wait for each
// other's caches. There is about one cell for each processor. After Java's
// LongAdder.
type cells []cell

type cell struct {
	tally atomic.Uint64 // as a lease's
	_     [56]byte
}

// newCells returns cells that are sealed: the owner lends them with the rest of
// the lease.
func newCells() *cells {
	n := 1
	for n < runtime.GOMAXPROCS(0) && n < 64 {
		n *= 2
	}
	c := make(cells, n)
	c.freeze()
	return &c
}

// cellHint says which cell to use. Pooled hints keep each processor on its own.
type cellHint struct{ number uint64 }

var (
	hints    = sync.Pool{New: func() any { return &cellHint{lastHint.Add(1)} }}
	lastHint atomic.Uint64
)

// add adds one; false: the cell is sealed.
func (c cells) add() bool {
	hint := hints.Get().(*cellHint)
	word := c[hint.number&uint64(len(c)-1)].tally.Add(1)
	hints.Put(hint)
	return word&sealed == 0
}

// freeze seals all cells and returns the sum of those that were not sealed.
func (c cells) freeze() (count uint64) {
	for i := range c {
		if word := c[i].tally.Or(sealed); word&sealed == 0 {
			count += word
		}
	}
	return count
}

// thaw lends them, empty.
func (c cells) thaw() {
	for i := range c {
		c[i].tally.Store(0)
	}
}
