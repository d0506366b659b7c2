package retry

import "time"

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
