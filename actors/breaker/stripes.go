package breaker

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// stripes is a tally in parts, one on a cache line of its own for about every
// processor, for a lease that many processors use at once: adding to one and the
// same word, they would wait for each other's caches. After Java's LongAdder.
type stripes []stripe

type stripe struct {
	tally atomic.Uint64 // as a view's
	_     [56]byte
}

// newStripes returns stripes that are sealed: the owner lends them with the
// rest of the lease.
func newStripes() *stripes {
	n := 1
	for n < runtime.GOMAXPROCS(0) && n < 64 {
		n *= 2
	}
	s := make(stripes, n)
	s.freeze()
	return &s
}

// seat says which stripe to use. Through the pool each processor keeps its own.
type seat struct{ number uint64 }

var (
	seats    = sync.Pool{New: func() any { return &seat{lastSeat.Add(1)} }}
	lastSeat atomic.Uint64
)

// count adds one; false: the stripe is sealed.
func (s stripes) count() bool {
	taken := seats.Get().(*seat)
	word := s[taken.number&uint64(len(s)-1)].tally.Add(1)
	seats.Put(taken)
	return word&sealed == 0
}

// freeze seals all stripes and returns the sum of those that were not.
func (s stripes) freeze() (count uint64) {
	for i := range s {
		if word := s[i].tally.Or(sealed); word&sealed == 0 {
			count += word
		}
	}
	return count
}

// thaw lends them, empty.
func (s stripes) thaw() {
	for i := range s {
		s[i].tally.Store(0)
	}
}
