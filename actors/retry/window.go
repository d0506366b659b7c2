package retry

import "time"

// buckets is how many buckets a budget's window is divided into.
const buckets = 10

// width returns the length of one bucket of the window of calls: a tenth of Window,
// at least 1 ns.
func (b *Budget) width() time.Duration { return max(b.Window/buckets, 1) }

// spentWidth returns the length of one bucket of the window of retries: a tenth of
// Window, rounded up.
func (b *Budget) spentWidth() time.Duration {
	width := b.Window / buckets
	if b.Window%buckets > 0 {
		width++
	}
	return width
}

// window counts the retries that the budget has granted. A retry counts for a Window
// from when it was granted, and for up to one bucket longer: until its bucket has
// left the newest buckets. So no span of Window ever holds more than is counted. A
// copy is independent of the original.
type window struct {
	origin time.Time // when bucket 0 began
	width  time.Duration
	newest int64 // number of the newest bucket
	counts [buckets + 1]uint64
}

// advance moves the window to now, and clears the buckets that have left it. If now
// is before the newest bucket it does nothing.
func (w *window) advance(now time.Time) {
	index := int64(now.Sub(w.origin) / w.width)
	if index <= w.newest {
		return
	}
	for n := min(index-w.newest, int64(len(w.counts))); n > 0; n-- {
		*w.count(index - n + 1) = 0
	}
	w.newest = index
}

// count returns the count of a bucket, which must be one of the newest.
func (w *window) count(bucket int64) *uint64 { return &w.counts[bucket%int64(len(w.counts))] }

func (w *window) add(n uint64) { *w.count(w.newest) += n }

func (w *window) sum() (total uint64) {
	for _, n := range w.counts {
		total += n
	}
	return total
}

// resized returns a window with buckets of another width that holds the same
// retries, each as if it was granted at the end of its bucket.
func (w window) resized(width time.Duration, now time.Time) window {
	w.advance(now)
	next := window{origin: w.origin, width: width}
	for bucket := max(w.newest-buckets, 0); bucket <= w.newest; bucket++ {
		end := w.origin.Add(time.Duration(bucket+1)*w.width - 1)
		if end.After(now) {
			end = now
		}
		next.advance(end)
		next.add(*w.count(bucket))
	}
	return next
}
