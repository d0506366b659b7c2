package system

import (
	"cmp"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// maxTallies is how many names are summed up by themselves within a second. All
// others share one tally.
const maxTallies = 1000

// tallies count the events of single calls for the log. The first event of a name
// begins its tally, which is due a second later. The first event of each kind in a
// tally is written by itself; the tally sums up the others.
type tallies struct {
	due func(t *tally) // called when a tally is due, in the goroutine of its timer

	mu     sync.RWMutex // held for writing while a tally begins or is taken
	names  map[string]*tally
	others *tally // nil: none has begun
	closed bool   // none begins any more
}

// tally is what has happened under one name.
type tally struct {
	name  string
	began time.Time
	timer *time.Timer

	seen      atomic.Uint32 // one bit a kind: an event came
	unclaimed atomic.Uint32 // one bit a kind: the first event is not written yet
	counts    [messages.CallKinds]atomic.Uint64
	newest    sync.Mutex // guards last; an event that finds it locked does not set last
	last      error
}

// count counts an event, and reports whether it is the first of its kind in its
// tally. If so, claim it and write it.
func (ts *tallies) count(name string, kind messages.CallKind, err error) (first bool) {
	ts.mu.RLock()
	if t := ts.find(name); t != nil {
		defer ts.mu.RUnlock()
		return t.count(kind, err)
	}
	ts.mu.RUnlock()
	ts.mu.Lock()
	defer ts.mu.Unlock()
	t := ts.begin(name)
	return t != nil && t.count(kind, err)
}

// find returns the tally for a name; nil if none has begun. mu is held.
func (ts *tallies) find(name string) *tally {
	if t := ts.names[name]; t != nil {
		return t
	}
	if len(ts.names) >= maxTallies {
		return ts.others
	}
	return nil
}

// begin returns the tally for a name, which it begins if there is none; nil after
// close. mu is held for writing.
func (ts *tallies) begin(name string) *tally {
	if t := ts.find(name); t != nil || ts.closed {
		return t
	}
	t := &tally{name: name, began: time.Now()}
	if len(ts.names) < maxTallies {
		if ts.names == nil {
			ts.names = map[string]*tally{}
		}
		ts.names[name] = t
	} else {
		t.name = "others"
		ts.others = t
	}
	t.timer = time.AfterFunc(time.Second, func() { ts.due(t) })
	return t
}

func (t *tally) count(kind messages.CallKind, err error) (first bool) {
	if t.newest.TryLock() {
		t.last = err
		t.newest.Unlock()
	}
	if bit := uint32(1) << kind; t.seen.Load()&bit == 0 && t.seen.Or(bit)&bit == 0 {
		t.unclaimed.Or(bit)
		return true
	}
	t.counts[kind].Add(1)
	return false
}

// claim reports whether the first event of the kind is still to be written. It
// returns true once.
func (ts *tallies) claim(name string, kind messages.CallKind) bool {
	ts.mu.RLock()
	defer ts.mu.RUnlock()
	t, bit := ts.find(name), uint32(1)<<kind
	return t != nil && t.unclaimed.And(^bit)&bit != 0
}

// take ends a tally and returns its sum. A first event that was not claimed is part
// of it. The sum of a tally that was taken already is empty.
func (ts *tallies) take(t *tally) sum {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	switch t {
	case ts.names[t.name]:
		delete(ts.names, t.name)
	case ts.others:
		ts.others = nil
	default:
		return sum{}
	}
	s := sum{name: t.name, span: time.Since(t.began), last: t.last}
	for kind := range s.counts {
		s.counts[kind] = t.counts[kind].Load() + uint64(t.unclaimed.Load()>>kind&1)
	}
	return s
}

// close makes all tallies due. None begins any more.
func (ts *tallies) close() {
	ts.mu.Lock()
	ts.closed = true
	var open []*tally
	for _, t := range ts.names {
		open = append(open, t)
	}
	if ts.others != nil {
		open = append(open, ts.others)
	}
	ts.mu.Unlock()
	slices.SortFunc(open, func(a, b *tally) int { return a.began.Compare(b.began) })
	for _, t := range open {
		t.timer.Stop()
		ts.due(t)
	}
}

// sum is what a tally has counted.
type sum struct {
	name   string // empty: calls without a name
	span   time.Duration
	counts [messages.CallKinds]uint64
	last   error // of the newest event
}

func (s sum) total() (n uint64) {
	for _, count := range s.counts {
		n += count
	}
	return n
}

// nouns name one event of each kind, many, and the attribute that holds the number.
var nouns = [messages.CallKinds]struct{ one, many, key string }{
	messages.CallRetried:  {"retry", "retries", "retries"},
	messages.CallGaveUp:   {"call given up", "calls given up", "given_up"},
	messages.CallTimedOut: {"timeout", "timeouts", "timeouts"},
	messages.CallFellBack: {"fallback", "fallbacks", "fallbacks"},
}

// line returns the line of the log: "payments: 13,020 fallbacks, 41 timeouts in 1 s;
// last: connection refused", at the highest level in it.
func (s sum) line() (level slog.Level, sentence string, attrs []slog.Attr) {
	name := s.name
	if name == "" {
		name = "calls without a name"
	}
	attrs = []slog.Attr{slog.String("name", s.name), slog.Duration("span", s.span)}
	kinds := make([]messages.CallKind, 0, len(s.counts))
	for kind, n := range s.counts {
		if n > 0 {
			kinds = append(kinds, messages.CallKind(kind))
		}
	}
	slices.SortStableFunc(kinds, func(a, b messages.CallKind) int { return cmp.Compare(s.counts[b], s.counts[a]) })
	parts := make([]string, len(kinds))
	level = slog.LevelDebug
	for i, kind := range kinds {
		n, noun := s.counts[kind], nouns[kind]
		parts[i] = grouped(n) + " " + noun.many
		if n == 1 {
			parts[i] = "1 " + noun.one
		}
		level = max(level, kind.Level())
		attrs = append(attrs, slog.Uint64(noun.key, n))
	}
	seconds := strconv.FormatFloat(max(s.span.Round(time.Second/10).Seconds(), 0.1), 'f', -1, 64)
	sentence = name + ": " + strings.Join(parts, ", ") + " in " + seconds + " s"
	if s.last != nil {
		sentence += "; last: " + s.last.Error()
		attrs = append(attrs, slog.Any("last", s.last))
	}
	return level, sentence, attrs
}

// grouped returns n with a comma between each three digits: "13,020".
func grouped(n uint64) string {
	text := strconv.FormatUint(n, 10)
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}
