package breaker

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Window says which calls the rates are computed from: the last calls, or those of
// the last span of time. The zero value means CountWindow(100).
type Window struct {
	calls int
	span  time.Duration
}

// CountWindow returns the window of the last so many calls.
func CountWindow(calls int) Window { return Window{calls: calls} }

// TimeWindow returns the window of the calls in the last span of time, which is
// divided into 10 buckets.
func TimeWindow(span time.Duration) Window { return Window{span: span} }

// String returns "100 calls" for a CountWindow, and "30s" for a TimeWindow.
func (w Window) String() string {
	switch {
	case w.span != 0:
		return w.span.String()
	case w.calls == 0:
		w = CountWindow(defaultWindow)
	}
	return plural(w.calls, "call")
}

// MarshalText returns the text of String. JSON and YAML show a Window so.
func (w Window) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText sets w from the text of String. Any other text is an error.
func (w *Window) UnmarshalText(text []byte) error {
	number, isCount := strings.CutSuffix(strings.TrimSuffix(string(text), "s"), " call")
	if isCount {
		if calls, err := strconv.Atoi(number); err == nil {
			*w = CountWindow(calls)
			return nil
		}
	} else if span, err := time.ParseDuration(string(text)); err == nil {
		*w = TimeWindow(span)
		return nil
	}
	return fmt.Errorf("a window is like \"100 calls\" or \"30s\": %q", messages.Clip(string(text)))
}

// defaultWindow is the number of calls of the window that the zero Window means.
const defaultWindow = 100

// buckets is the number of buckets of a time window.
const buckets = 10

// counts are the counts of a window or of one bucket.
type counts struct{ calls, failures, slow int }

func (t *counts) add(o counts, sign int) {
	t.calls += sign * o.calls
	t.failures += sign * o.failures
	t.slow += sign * o.slow
}

// window holds the last calls, or the calls of the last span of time, and their sum.
// Either ring or spans is in use. A nil window holds no calls and ignores new ones.
type window struct {
	sum   counts
	next  int      // index of the next call in ring, or of the current bucket in spans
	ring  []uint8  // count window: one byte per call
	spans []counts // time window: one element per bucket
	width time.Duration
	ends  time.Time // when the current bucket ends; zero before the first call
}

// The bits of a call in the ring.
const (
	ringCall uint8 = 1 << iota
	ringFailure
	ringSlow
)

func newWindow(w Window) *window {
	if w.span > 0 {
		return &window{spans: make([]counts, buckets), width: w.span / buckets}
	}
	return &window{ring: make([]uint8, w.calls)}
}

// copyOf returns a copy of o. If w is not nil it overwrites w and uses its memory.
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

// held returns the counts of the window.
func (w *window) held() counts {
	if w == nil {
		return counts{}
	}
	return w.sum
}

// slides reports whether this is a time window. The memory of a count window may
// still be there, but is empty.
func (w *window) slides() bool { return len(w.spans) > 0 }

func (w *window) clear() {
	if w == nil {
		return
	}
	clear(w.ring)
	clear(w.spans)
	w.sum, w.next = counts{}, 0
}

// successes adds n calls that succeeded and were not slow.
func (w *window) successes(n int) {
	if w == nil {
		return
	}
	if w.slides() {
		w.addToBucket(counts{calls: n})
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
	t, entry := counts{calls: 1}, ringCall
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

func (w *window) addToBucket(t counts) {
	w.spans[w.next].add(t, 1)
	w.sum.add(t, 1)
}

func (w *window) push(entry uint8) {
	if len(w.ring) == 0 {
		return
	}
	w.sum.add(entryCounts(w.ring[w.next]), -1)
	w.ring[w.next] = entry
	w.sum.add(entryCounts(entry), 1)
	w.next = (w.next + 1) % len(w.ring)
}

func entryCounts(entry uint8) counts {
	bit := func(b uint8) int {
		if entry&b != 0 {
			return 1
		}
		return 0
	}
	return counts{bit(ringCall), bit(ringFailure), bit(ringSlow)}
}

// slide moves a time window to now. It reports whether the last bucket that ended
// was empty.
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
		w.spans[w.next] = counts{}
	}
	w.ends = w.ends.Add(time.Duration(ended) * w.width)
	return quiet
}
