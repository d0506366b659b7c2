package retry

import "time"

// buckets is how many buckets a budget's window is divided into.
const buckets = 10

// width returns the length of one bucket of the budget's window, at least 1 ns;
// 1 ns without a budget.
func (b *Budget) width() time.Duration {
	if b == nil {
		return 1
	}
	return max(b.Window/buckets, 1)
}

// window counts the retries that were granted in the budget's window, in buckets
// of equal width. A copy is independent of the original.
type window struct {
	origin time.Time // when bucket 0 began
	width  time.Duration
	newest int64 // number of the newest bucket
	counts [buckets]uint64
}

// advance moves the window to now, and clears the buckets that have left it. If now
// is before the newest bucket it does nothing.
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
