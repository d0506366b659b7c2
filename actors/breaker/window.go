package breaker

import "time"

// buckets is how finely a time window slides.
const buckets = 10

// tally is what a stretch of the window holds.
type tally struct{ calls, failures, slow int }

func (t *tally) add(o tally, sign int) {
	t.calls += sign * o.calls
	t.failures += sign * o.failures
	t.slow += sign * o.slow
}

// window holds the last calls, or the calls of the last span of time, and
// their sum. Either ring or spans is in use. A nil window holds nothing.
type window struct {
	sum   tally
	next  int     // where the next call, or the current bucket, is
	ring  []uint8 // count window: one byte a call
	spans []tally // time window: one tally a bucket
	width time.Duration
	ends  time.Time // when the current bucket ends; zero before the first call
}

// what the ring says of one call
const (
	ringCall uint8 = 1 << iota
	ringFailure
	ringSlow
)

func newWindow(w Window) *window {
	if w.span > 0 {
		return &window{spans: make([]tally, buckets), width: w.span / buckets}
	}
	return &window{ring: make([]uint8, w.calls)}
}

// copyOf returns a copy of o, in the memory of w if there is any.
func (w *window) copyOf(o *window) *window {
	if o == nil {
		return nil
	}
	if w == nil {
		w = &window{}
	}
	ring, spans := w.ring[:0], w.spans[:0]
	*w = *o
	w.ring, w.spans = append(ring, o.ring...), append(spans, o.spans...)
	return w
}

// held returns what the window holds.
func (w *window) held() tally {
	if w == nil {
		return tally{}
	}
	return w.sum
}

// slides tells a time window from a count window. The memory of the other kind
// may be there, but is empty.
func (w *window) slides() bool { return len(w.spans) > 0 }

func (w *window) clear() {
	if w == nil {
		return
	}
	clear(w.ring)
	clear(w.spans)
	w.sum, w.next = tally{}, 0
}

// successes adds n fast successes.
func (w *window) successes(n int) {
	if w == nil {
		return
	}
	if w.slides() {
		w.addToBucket(tally{calls: n})
		return
	}
	for range min(n, len(w.ring)) {
		w.push(ringCall)
	}
}

// add adds one call.
func (w *window) add(failure, slow bool) {
	if w == nil {
		return
	}
	t, entry := tally{calls: 1}, ringCall
	if failure {
		t.failures, entry = 1, entry|ringFailure
	}
	if slow {
		t.slow, entry = 1, entry|ringSlow
	}
	if w.slides() {
		w.addToBucket(t)
		return
	}
	w.push(entry)
}

func (w *window) addToBucket(t tally) {
	w.spans[w.next].add(t, 1)
	w.sum.add(t, 1)
}

func (w *window) push(entry uint8) {
	if len(w.ring) == 0 {
		return
	}
	w.sum.add(entryTally(w.ring[w.next]), -1)
	w.ring[w.next] = entry
	w.sum.add(entryTally(entry), 1)
	w.next = (w.next + 1) % len(w.ring)
}

func entryTally(entry uint8) tally {
	bit := func(b uint8) int {
		if entry&b != 0 {
			return 1
		}
		return 0
	}
	return tally{bit(ringCall), bit(ringFailure), bit(ringSlow)}
}

// slide moves a time window to now. It reports whether the last bucket that
// ended held no call.
func (w *window) slide(now time.Time) (quiet bool) {
	if !w.slides() || now.Before(w.ends) {
		return false
	}
	if w.ends.IsZero() {
		w.ends = now.Add(w.width)
		return false
	}
	ended := int64(now.Sub(w.ends)/w.width) + 1
	quiet = ended > 1 || w.spans[w.next].calls == 0
	for range min(ended, buckets) {
		w.next = (w.next + 1) % buckets
		w.sum.add(w.spans[w.next], -1)
		w.spans[w.next] = tally{}
	}
	w.ends = w.ends.Add(time.Duration(ended) * w.width)
	return quiet
}
