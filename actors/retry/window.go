package retry

import (
	"math"
	"sync/atomic"
	"time"
)

// buckets is how many slices a budget's window is cut into.
const buckets = 10

// width is how long one slice of the budget's window lasts; without a budget
// nothing is remembered for longer than a moment.
func (b *Budget) width() time.Duration {
	if b == nil {
		return 1
	}
	return max(b.Window/buckets, 1)
}

// window counts the retries that the owner granted lately. It is a value: a
// copy counts on its own.
type window struct {
	origin time.Time // when bucket 0 began
	width  time.Duration
	newest int64
	counts [buckets]uint64
}

// advance forgets the buckets that have left the window by now. A now from
// before the newest bucket forgets nothing.
func (w *window) advance(now time.Time) {
	index := int64(now.Sub(w.origin) / w.width)
	for n := min(index-w.newest, buckets); n > 0; n-- {
		w.counts[(index-n+1)%buckets] = 0
	}
	w.newest = max(w.newest, index)
}

func (w *window) add(n uint64) { w.counts[w.newest%buckets] += n }

func (w *window) sum() (total uint64) {
	for _, n := range w.counts {
		total += n
	}
	return total
}

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
