// Package ownertest is a minimal runtime of owners, for tests. It counts the
// messages to owners and records the events.
package ownertest

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Host runs each owner in a goroutine, which ends when the owner stops. Use New.
type Host struct {
	Log    *slog.Logger                     // the default discards everything
	Before func(message any) (after func()) // called around each message of an owner, in the owner's goroutine; nil: nothing
	OnEmit func(messages.Event)             // called with each event; nil: nothing

	Questions, Ticks atomic.Int64 // messages to owners so far

	closing chan struct{}
	running sync.WaitGroup

	mu     sync.Mutex
	ended  bool // Shutdown waits for no more goroutines of Go
	owners []*Owner
	events []messages.Event
}

// New returns a Host. The test must call Shutdown.
func New() *Host {
	return &Host{Log: slog.New(slog.DiscardHandler), closing: make(chan struct{})}
}

// Spawn starts an owner. After a crash it is restarted at once if the kind has free
// restarts, else after FirstPause.
func (h *Host) Spawn(kind messages.Kind, a messages.Actor) (messages.Address, error) {
	if isClosed(h.closing) {
		return nil, messages.ErrShutdown
	}
	for range 1000 { // let other goroutines call Spawn meanwhile
		runtime.Gosched()
	}
	o := &Owner{host: h, kind: kind, actor: a, wake: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{})}
	h.mu.Lock()
	h.owners = append(h.owners, o)
	h.mu.Unlock()
	go o.run() // ends when the owner is stopped
	return o, nil
}

// Stop stops an owner after its current message.
func (h *Host) Stop(owner messages.Address) { owner.(*Owner).end() }

// Emit records the event.
func (h *Host) Emit(e messages.Event) {
	h.mu.Lock()
	h.events = append(h.events, e)
	h.mu.Unlock()
	if h.OnEmit != nil {
		h.OnEmit(e)
	}
}

// NoteCall wants every event of a call.
func (h *Host) NoteCall(context.Context, string, messages.CallKind, error) bool { return true }

// EmitCall records the event.
func (h *Host) EmitCall(_ context.Context, _ string, e messages.Event) { h.Emit(e) }

// Logger returns Log.
func (h *Host) Logger() *slog.Logger { return h.Log }

// Go runs fn in a goroutine that Shutdown waits for.
func (h *Host) Go(fn func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		go fn() // nobody waits any more
		return
	}
	h.running.Go(fn)
}

// Closing is closed when Shutdown or Close begins.
func (h *Host) Closing() <-chan struct{} { return h.closing }

// Random returns the same numbers to each owner.
func (h *Host) Random(string) *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

// Close closes Closing, and stops nothing.
func (h *Host) Close() {
	if !isClosed(h.closing) {
		close(h.closing)
	}
}

// Shutdown stops all owners and waits for them and for the goroutines of Go. It may
// be called more than once.
func (h *Host) Shutdown() {
	h.Close()
	for _, o := range h.Owners() {
		o.end()
		<-o.done
	}
	h.mu.Lock()
	h.ended = true
	h.mu.Unlock()
	h.running.Wait()
}

// Owners returns all owners so far.
func (h *Host) Owners() []*Owner {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.owners)
}

// Events returns the events of type E so far.
func Events[E messages.Event](h *Host) (events []E) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		if e, ok := e.(E); ok {
			events = append(events, e)
		}
	}
	return events
}

// Owner is the address of one owner.
type Owner struct {
	host  *Host
	kind  messages.Kind
	actor messages.Actor
	wake  chan struct{} // capacity 1: a message is queued
	stop  chan struct{} // closed when the owner must stop
	done  chan struct{}

	mu    sync.Mutex
	queue []any
	ended bool // stop is closed
}

// Hold is a message that blocks an owner until the channel is closed.
type Hold chan struct{}

// Send queues a message for the owner. If the owner was stopped, it is lost.
func (o *Owner) Send(message any) {
	switch message.(type) {
	case Hold:
	case messages.Tick:
		o.host.Ticks.Add(1)
	default:
		o.host.Questions.Add(1)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.ended {
		return
	}
	o.queue = append(o.queue, message)
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// Done is closed when the owner has stopped.
func (o *Owner) Done() <-chan struct{} { return o.done }

func (o *Owner) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if !o.ended {
		o.ended = true
		close(o.stop)
	}
}

// run handles messages until the owner is stopped.
func (o *Owner) run() {
	defer close(o.done)
	defer o.actor.Stopped()
	for !isClosed(o.stop) {
		message, ok := o.next()
		if !ok {
			select {
			case <-o.wake:
			case <-o.stop:
			}
			continue
		}
		for crashed := !o.try(func() { o.take(message) }); crashed && o.pause(); {
			crashed = !o.try(o.actor.Restarted)
		}
	}
}

func (o *Owner) next() (message any, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.queue) == 0 {
		return nil, false
	}
	message, o.queue = o.queue[0], o.queue[1:]
	return message, true
}

func (o *Owner) take(message any) {
	if held, ok := message.(Hold); ok {
		<-held
		return
	}
	if o.host.Before != nil {
		defer o.host.Before(message)()
	}
	o.actor.Receive(message)
}

// try reports whether fn returns without a panic.
func (o *Owner) try(fn func()) (returned bool) {
	defer func() { _ = recover() }()
	fn()
	return true
}

// pause waits before a restart, and reports whether the owner is still to be
// restarted.
func (o *Owner) pause() bool {
	pause := o.kind.FirstPause
	if o.kind.FreeRestarts > 0 {
		pause = 0
	}
	select {
	case <-time.After(pause):
		return true
	case <-o.stop:
		return false
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
