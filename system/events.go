package system

import (
	"context"
	"log/slog"
	"sync/atomic"

	"github.com/understudy-go/understudy/messages"
)

// counts are what Totals reports, exact at any time.
type counts struct {
	calls      [messages.CallKinds]atomic.Uint64
	dropped    atomic.Uint64
	leftBehind atomic.Int64
}

// Emit delivers an event that is not about a single call to every subscriber that
// wants it, and to the log. It never blocks.
func (s *System) Emit(e messages.Event) {
	s.hub.emit(e)
	s.log.change(e)
}

// NoteCall counts an event of a single call, and reports whether the event itself is
// wanted: by a subscriber, or by the log, which otherwise sums it up. If so, EmitCall
// it. The name is that of the Retry, or of the first breaker of the call; "" if it
// has neither. If nobody wants the event, NoteCall allocates nothing. It asks the
// handler of the log whether it is enabled.
func (s *System) NoteCall(ctx context.Context, name string, kind messages.CallKind, err error) (wanted bool) {
	s.counts.calls[kind].Add(1)
	return s.log.note(ctx, name, kind, err) || s.hub.wants(messages.EventKind(kind))
}

// EmitCall delivers an event of a single call to every subscriber that wants it, and
// to the log. It never blocks.
func (s *System) EmitCall(ctx context.Context, name string, e messages.Event) {
	s.hub.emit(e)
	s.log.call(ctx, name, e)
}

// LeftBehind adds delta to the number of goroutines that run a call whose caller has
// gone.
func (s *System) LeftBehind(delta int64) { s.counts.leftBehind.Add(delta) }

// Totals is what a System has counted. See api.Totals.
type Totals struct{ Timeouts, Fallbacks, EventsDropped, LeftBehind uint64 }

// Totals returns the totals. It asks nobody.
func (s *System) Totals() Totals {
	return Totals{
		Timeouts:      s.counts.calls[messages.CallTimedOut].Load(),
		Fallbacks:     s.counts.calls[messages.CallFellBack].Load(),
		EventsDropped: s.counts.dropped.Load(),
		LeftBehind:    uint64(s.counts.leftBehind.Load()),
	}
}

// Logger returns the log of the system, which bounds and shelters every line. It
// writes an ERROR before it returns; the log's own goroutine writes all else.
func (s *System) Logger() *slog.Logger { return s.logger }

// Subscribe starts a goroutine that calls fn with every event from now on, in the
// order of emission. Up to 65,536 changes and 1,024 events of single calls are queued
// for a subscriber; if it is too slow the oldest are dropped, and it receives one
// Dropped in their place. After cancel has returned no call of fn begins.
func (s *System) Subscribe(fn func(messages.Event)) (cancel func()) {
	return s.hub.subscribe(fn, allKinds)
}

// SubscribeTo is Subscribe for the events of the types of these, and Dropped.
func (s *System) SubscribeTo(fn func(messages.Event), types ...messages.Event) (cancel func()) {
	return s.hub.subscribe(fn, kindsOf(types))
}
