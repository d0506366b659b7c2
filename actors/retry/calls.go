package retry

import (
	"math"
	"sync/atomic"
	"time"
)

// tally counts the calls that began lately. All callers write it without a
// lock. Each slot holds the number of its bucket in the upper half and its
// count in the lower half; more slots than buckets, so that a slot is taken
// over only long after its bucket has left the window.
type tally struct {
	origin time.Time // when bucket 0 began
	width  time.Duration
	slots  [16]atomic.Uint64
}

// bucket returns the number of the bucket at that age of the tally.
func (t *tally) bucket(age time.Duration) uint32 { return uint32(max(age, 0) / t.width) }

// add counts n calls that begin at this age of the tally. A caller that was
// overtaken by the next owner of its slot counts there.
func (t *tally) add(age time.Duration, n uint64) {
	const overtaken = 1 << 20 // a slot further ahead than this is from before the numbers wrapped
	bucket := t.bucket(age)
	slot := &t.slots[bucket%uint32(len(t.slots))]
	for {
		old := slot.Load()
		if uint32(old>>32)-bucket < overtaken {
			if uint32(old) < math.MaxUint32/2 { // far from running over into the number
				slot.Add(n)
			}
			return
		}
		if slot.CompareAndSwap(old, uint64(bucket)<<32|n) {
			return
		}
	}
}

// sum returns how many calls began in the window that ends at this age.
func (t *tally) sum(age time.Duration) (total uint64) {
	bucket := t.bucket(age)
	for i := range t.slots {
		if slot := t.slots[i].Load(); bucket-uint32(slot>>32) < buckets {
			total += slot & math.MaxUint32
		}
	}
	return total
}
