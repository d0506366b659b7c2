package system

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/understudy-go/understudy/messages"
)

// A subscriber has two queues, so that events of single calls, of which there may be
// very many, do not displace changes. Beyond its limit a queue loses its oldest.
const (
	changes = iota // of breakers, checks and all else that is not a single call
	calls          // events of single calls
	lanes
)

var laneLimits = [lanes]int{changes: 65_536, calls: 1024}

// laneOf returns the queue for events of that kind.
func laneOf(kind messages.EventKind) int {
	if kind.IsCall() {
		return calls
	}
	return changes
}

// delivery is what a subscriber receives: an event, or in the log a line.
type delivery struct {
	at    uint64 // its number in the order of emission
	event messages.Event
	line  func() // writes a line of the log; nil: event is delivered
}

// lane is one queue of a subscriber.
type lane struct {
	queue queue[delivery]
	lost  int    // dropped before the first in queue, and not reported yet
	at    uint64 // of the last one that was lost
}

// next returns the number of what the lane delivers next.
func (l *lane) next() (at uint64, ok bool) {
	switch {
	case l.lost > 0:
		return l.at, true
	case l.queue.len() > 0:
		return l.queue.front().at, true
	}
	return 0, false
}

// subscriber owns its queues and the goroutine that empties them, both as one, in
// the order of emission.
type subscriber struct {
	fn      func(messages.Event)
	logger  *slog.Logger   // where a panic of fn is reported; nil: nowhere
	dropped *atomic.Uint64 // counts what is lost
	wake    chan struct{}  // capacity 1: one of the fields below has changed

	mu        sync.Mutex
	last      uint64 // the number of the last delivery
	lanes     [lanes]lane
	ending    bool // no more events follow
	cancelled bool // fn must not be called again
	ended     bool // the goroutine has ended, or is about to
}

func newSubscriber(fn func(messages.Event), logger *slog.Logger, dropped *atomic.Uint64) *subscriber {
	return &subscriber{fn: fn, logger: logger, dropped: dropped, wake: make(chan struct{}, 1)}
}

// start starts the goroutine, which ends after end. wg counts it.
func (s *subscriber) start(wg *sync.WaitGroup) { wg.Go(func() { s.run(wg) }) }

// put queues a delivery, and reports whether the goroutine still runs.
func (s *subscriber) put(to int, d delivery) bool {
	s.mu.Lock()
	if s.ended {
		s.mu.Unlock()
		return false
	}
	s.last++
	d.at = s.last
	l := &s.lanes[to]
	if l.queue.len() == laneLimits[to] {
		l.at = l.queue.pop().at
		l.lost++
		s.dropped.Add(1)
	}
	l.queue.push(d)
	s.mu.Unlock()
	s.signal()
	return true
}

// end ends the subscriber: at once, or when its queues are empty.
func (s *subscriber) end(now bool) {
	s.mu.Lock()
	s.ending = true
	s.cancelled = s.cancelled || now
	s.mu.Unlock()
	s.signal()
}

// waiting returns how many deliveries wait.
func (s *subscriber) waiting() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.lanes {
		n += s.lanes[i].queue.len()
	}
	return n
}

func (s *subscriber) signal() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run delivers until the subscriber ends. If fn ends the goroutine, another one
// goes on.
func (s *subscriber) run(wg *sync.WaitGroup) {
	ended := false
	defer func() {
		if !ended {
			s.start(wg)
		}
	}()
	for !ended {
		var d delivery
		switch d, ended = s.next(); {
		case ended:
		case d.line != nil || d.event != nil:
			s.deliver(d)
		default:
			<-s.wake
		}
	}
}

// next removes the oldest delivery from the queues; a zero one if they are empty.
func (s *subscriber) next() (d delivery, ended bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cancelled {
		s.ended = true
		return d, true
	}
	var oldest *lane
	first := uint64(0)
	for i := range s.lanes {
		if at, ok := s.lanes[i].next(); ok && (oldest == nil || at < first) {
			oldest, first = &s.lanes[i], at
		}
	}
	switch {
	case oldest == nil:
		s.ended = s.ending
		return d, s.ended
	case oldest.lost > 0:
		d.event, oldest.lost = messages.Dropped{Count: oldest.lost}, 0
	default:
		d = oldest.queue.pop()
	}
	return d, false
}

// deliver calls fn, or writes the line. It reports a panic, or that the goroutine
// ends.
func (s *subscriber) deliver(d delivery) {
	returned := false
	defer func() {
		r := recover()
		switch {
		case returned || s.logger == nil:
		case r != nil:
			s.logger.Error("a subscriber panicked", "event", fmt.Sprintf("%T", d.event), "panic", r, "stack", string(debug.Stack()))
		default:
			s.logger.Error("a subscriber ended its goroutine (runtime.Goexit)", "event", fmt.Sprintf("%T", d.event), "stack", string(debug.Stack()))
		}
	}()
	if d.line != nil {
		d.line()
	} else {
		s.fn(d.event)
	}
	returned = true
}
