package retry

import (
	"math"
	"sync/atomic"
	"time"
)

// recentCalls counts the calls that began in the budget's window. All callers add
// to it, without a lock. Time since origin is divided into buckets of equal width.
// Each slot holds the number of a bucket in its upper half, and the calls of that
// bucket in its lower half. There are more slots than buckets in a window, so that
// a slot is used again only long after its bucket has left the window.
type recentCalls struct {
	origin time.Time // when bucket 0 began
	width  time.Duration
	held   uint32 // how many buckets the window holds, the current one included: no more than fit in it
	slots  [16]atomic.Uint64
}

// newRecentCalls returns the empty count of a budget.
func newRecentCalls(b *Budget, origin time.Time) *recentCalls {
	return &recentCalls{origin: origin, width: b.width(), held: uint32(min(b.Window/b.width(), buckets))}
}

// bucket returns the number of the bucket at that time since origin.
func (t *recentCalls) bucket(age time.Duration) uint32 { return uint32(max(age, 0) / t.width) }

// add counts n calls that begin at that time since origin. If the slot of their
// bucket holds a later bucket already, they are counted in that one.
func (t *recentCalls) add(age time.Duration, n uint64) {
	const maxAhead = 1 << 20 // a slot further ahead is from before the bucket numbers wrapped
	bucket := t.bucket(age)
	slot := &t.slots[bucket%uint32(len(t.slots))]
	for {
		old := slot.Load()
		if uint32(old>>32)-bucket < maxAhead {
			if uint32(old) < math.MaxUint32/2 { // the count must not overflow into the bucket number
				slot.Add(n)
			}
			return
		}
		if slot.CompareAndSwap(old, uint64(bucket)<<32|n) {
			return
		}
	}
}

// sum returns how many calls began in the window that ends at that time since
// origin. The oldest of them is at most Window old.
func (t *recentCalls) sum(age time.Duration) (total uint64) {
	bucket := t.bucket(age)
	for i := range t.slots {
		if slot := t.slots[i].Load(); bucket-uint32(slot>>32) < t.held {
			total += slot & math.MaxUint32
		}
	}
	return total
}

// carry adds the calls in the window of old, which has the same origin, as of that
// time. Each is counted as if it began when its bucket did.
func (t *recentCalls) carry(old *recentCalls, age time.Duration) {
	newest := int64(max(age, 0) / old.width)
	for bucket := max(newest-int64(old.held)+1, 0); bucket <= newest; bucket++ {
		slot := old.slots[bucket%int64(len(old.slots))].Load()
		if calls := slot & math.MaxUint32; uint32(slot>>32) == uint32(bucket) && calls > 0 {
			t.add(time.Duration(bucket)*old.width, calls)
		}
	}
}
