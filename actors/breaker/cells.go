package breaker

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// cells divides a tally among several words, each on its own cache line, for a lease
// that many processors use at once. If all of them added to one word, they would
// wait for each other's caches. There is about one cell per processor. The idea is
// that of Java's LongAdder.
type cells []cell

type cell struct {
	tally atomic.Uint64 // as that of a lease, without sampling points
	_     [56]byte
}

// newCells returns sealed cells. The owner unseals them together with the lease.
func newCells() *cells {
	n := 1
	for n < runtime.GOMAXPROCS(0) && n < 64 {
		n *= 2
	}
	c := make(cells, n)
	c.freeze()
	return &c
}

// cellHint is the number of the cell to use. The hints are pooled, so that each
// processor keeps using the same cell.
type cellHint struct{ number uint64 }

var (
	hints    = sync.Pool{New: func() any { return &cellHint{lastHint.Add(1)} }}
	lastHint atomic.Uint64
)

// add adds one. It returns false if the cell is sealed.
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

// thaw unseals all cells, with the count 0.
func (c cells) thaw() {
	for i := range c {
		c[i].tally.Store(0)
	}
}
