package system

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/understudy-go/understudy/messages"
)

// hub delivers events to the subscribers that want them, in the order of emission.
type hub struct {
	logger  *slog.Logger   // of panics of subscribers
	dropped *atomic.Uint64 // counts the events that slow subscribers lose

	// wanted holds, for each kind of event, how many subscribers want it. An event
	// that nobody wants costs one load.
	wanted [messages.EventKinds]atomic.Int32

	mu     sync.Mutex
	closed bool
	subs   [messages.EventKinds][]*subscriber
	all    map[*subscriber]struct{}
	ended  sync.WaitGroup // the subscribers' goroutines
}

func newHub(logger *slog.Logger, dropped *atomic.Uint64) *hub {
	return &hub{logger: logger, dropped: dropped, all: map[*subscriber]struct{}{}}
}

// wants reports whether a subscriber wants events of that kind.
func (h *hub) wants(kind messages.EventKind) bool { return h.wanted[kind].Load() > 0 }

// emit puts e into the queue of every subscriber that wants it. It never blocks.
func (h *hub) emit(e messages.Event) {
	kind := messages.KindOf(e)
	if !h.wants(kind) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range h.subs[kind] {
		s.put(laneOf(kind), delivery{event: e})
	}
}

// subscribe starts a goroutine that calls fn with every event of those kinds from
// now on. It ends when cancel is called, or after the last event when the hub
// closes.
func (h *hub) subscribe(fn func(messages.Event), kinds []messages.EventKind) (cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || fn == nil {
		return func() {}
	}
	s := newSubscriber(fn, h.logger, h.dropped)
	h.all[s] = struct{}{}
	for _, kind := range kinds {
		h.subs[kind] = append(h.subs[kind], s)
		h.wanted[kind].Add(1)
	}
	s.start(&h.ended)
	return func() {
		h.remove(s, kinds)
		s.end(true)
	}
}

func (h *hub) remove(s *subscriber, kinds []messages.EventKind) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, ok := h.all[s]; !ok {
		return
	}
	delete(h.all, s)
	if h.closed {
		return
	}
	for _, kind := range kinds {
		i := slices.Index(h.subs[kind], s)
		h.subs[kind] = slices.Delete(h.subs[kind], i, i+1)
		h.wanted[kind].Add(-1)
	}
}

// close delivers the events that are queued, and returns when all subscribers
// have handled them.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	for s := range h.all {
		s.end(false)
	}
	for kind := range h.subs {
		h.subs[kind] = nil
		h.wanted[kind].Store(0)
	}
	h.mu.Unlock()
	h.ended.Wait()
}

// waiting returns how many events wait for slow subscribers.
func (h *hub) waiting() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.all {
		n += s.waiting()
	}
	return n
}

// allKinds are the kinds of all events.
var allKinds = func() (kinds []messages.EventKind) {
	for kind := range messages.EventKinds {
		kinds = append(kinds, messages.EventKind(kind))
	}
	return kinds
}()

// kindsOf returns the kinds of the events, each once, and that of Dropped.
func kindsOf(events []messages.Event) []messages.EventKind {
	kinds := []messages.EventKind{messages.KindOf(messages.Dropped{})}
	for _, e := range events {
		if e != nil && !slices.Contains(kinds, messages.KindOf(e)) {
			kinds = append(kinds, messages.KindOf(e))
		}
	}
	return kinds
}
