package system

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"github.com/understudy-go/understudy/messages"
)

// queueLength is how many events are kept for one subscriber. When one more is
// emitted the oldest is dropped.
const queueLength = 1024

// hub delivers every event to every subscriber, in the order of emission.
type hub struct {
	logger *slog.Logger

	mu     sync.Mutex
	closed bool
	subs   map[*subscriber]struct{}
	ended  sync.WaitGroup // the subscribers' goroutines
}

func newHub(logger *slog.Logger) *hub {
	return &hub{logger: logger, subs: map[*subscriber]struct{}{}}
}

// emit puts e into the queue of every subscriber. It never blocks.
func (h *hub) emit(e messages.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		s.put(e)
	}
}

// subscribe starts a goroutine that calls fn with every event from now on. It
// ends when cancel is called, or after the last event when the hub closes.
func (h *hub) subscribe(fn func(messages.Event)) (cancel func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || fn == nil {
		return func() {}
	}
	s := &subscriber{fn: fn, logger: h.logger, wake: make(chan struct{}, 1)}
	h.subs[s] = struct{}{}
	h.ended.Go(s.run)
	return func() {
		h.mu.Lock()
		delete(h.subs, s)
		h.mu.Unlock()
		s.end(true)
	}
}

// close delivers the events that are queued, and returns when all subscribers
// have handled them.
func (h *hub) close() {
	h.mu.Lock()
	h.closed = true
	for s := range h.subs {
		s.end(false)
	}
	clear(h.subs)
	h.mu.Unlock()
	h.ended.Wait()
}

// subscriber owns one bounded queue and the goroutine that empties it.
type subscriber struct {
	fn     func(messages.Event)
	logger *slog.Logger
	wake   chan struct{} // capacity 1: one of the fields below has changed

	mu        sync.Mutex
	queue     []messages.Event
	lost      int  // events dropped before the oldest in queue
	ending    bool // no more events follow
	cancelled bool // fn must not be called again
}

func (s *subscriber) put(e messages.Event) {
	s.mu.Lock()
	if len(s.queue) == queueLength {
		s.queue = s.queue[1:]
		s.lost++
	}
	s.queue = append(s.queue, e)
	s.mu.Unlock()
	s.signal()
}

// end ends the subscriber: at once, or when its queue is empty.
func (s *subscriber) end(now bool) {
	s.mu.Lock()
	s.ending = true
	s.cancelled = s.cancelled || now
	s.mu.Unlock()
	s.signal()
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

func (s *subscriber) run() {
	for {
		e, ended := s.next()
		switch {
		case ended:
			return
		case e != nil:
			s.call(e)
		default:
			<-s.wake
		}
	}
}

// next removes the oldest event from the queue; nil if it is empty.
func (s *subscriber) next() (e messages.Event, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.cancelled:
		return nil, true
	case s.lost > 0:
		e, s.lost = messages.Dropped{Count: s.lost}, 0
	case len(s.queue) > 0:
		e, s.queue = s.queue[0], s.queue[1:]
	default:
		ended = s.ending
	}
	return e, ended
}

func (s *subscriber) call(e messages.Event) {
	defer func() {
		if r := recover(); r != nil {
			s.logger.Error("a subscriber panicked", "event", fmt.Sprintf("%T", e), "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}()
	s.fn(e)
}
