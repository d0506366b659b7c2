package system

import (
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/understudy-go/understudy/messages"
)

// inPlace is how many messages of others a sender takes in its own goroutine
// before it hands the mailbox to the dispatcher.
const inPlace = 16

// mailbox runs its actor in the goroutine of whoever sends, if nobody runs it at
// the moment: to ask an idle owner takes no second goroutine. Otherwise messages
// queue, and whoever runs the actor takes them. System messages go first; if
// nobody runs the actor, the dispatcher does for them. After Stop whoever asks is
// refused. An actor with such a mailbox must not block, and must not be sent to
// under a lock that it takes itself.
type mailbox struct {
	state      atomic.Int32
	suspended  bool // by a crash, until the restart; whoever runs the actor owns it
	stopped    bool // for good: who asks is refused; owned likewise
	invoker    actor.MessageInvoker
	dispatcher actor.Dispatcher

	mu     sync.Mutex // for the queues, and for each change of state but the two of the fast path
	system queue
	user   queue
}

// The states of a mailbox.
const (
	idle    int32 = iota // nobody runs the actor; both queues are empty
	running              // somebody runs it; both queues were empty a moment ago
	waiting              // somebody runs it, or is about to, and messages wait
	held                 // suspended, and nobody runs it: a system message must come
)

// RegisterHandlers is called once, before the first message.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.invoker, m.dispatcher = invoker, dispatcher
}

// Start is called once, after the first message.
func (m *mailbox) Start() {}

// UserMessageCount returns how many messages wait.
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.len()
}

// PostUserMessage runs the actor here and now, or leaves the message to whoever does.
func (m *mailbox) PostUserMessage(message any) {
	if m.state.CompareAndSwap(idle, running) {
		m.deliver(message, false)
		if !m.rest() {
			m.run(inPlace)
		}
		return
	}
	m.mu.Lock()
	m.user.push(message)
	mine := m.wake(idle)
	m.mu.Unlock()
	if mine {
		m.run(inPlace)
	}
}

// PostSystemMessage leaves the message to whoever runs the actor, or has it run.
func (m *mailbox) PostSystemMessage(message any) {
	m.mu.Lock()
	m.system.push(message)
	mine := m.wake(idle) || m.wake(held)
	m.mu.Unlock()
	if mine {
		m.dispatch()
	}
}

// wake tells that messages wait, and reports whether it is up to the caller to
// run the actor: nobody did, and the state was from. mu is held.
func (m *mailbox) wake(from int32) bool {
	for {
		switch state := m.state.Load(); state {
		case from:
			if m.state.CompareAndSwap(from, waiting) {
				return true
			}
		case running:
			if m.state.CompareAndSwap(running, waiting) {
				return false
			}
		default:
			return false
		}
	}
}

// rest ends a run, if nothing waits.
func (m *mailbox) rest() bool {
	return !m.suspended && m.state.CompareAndSwap(running, idle)
}

func (m *mailbox) dispatch() {
	m.dispatcher.Schedule(func() { m.run(m.dispatcher.Throughput()) })
}

// run takes what waits; after most messages it leaves the rest to another goroutine.
func (m *mailbox) run(most int) {
	for n := 0; n < most || m.stopped; n++ { // nothing is left to others once it has stopped: nobody waits for them
		message, isSystem, ok := m.next()
		if !ok {
			return
		}
		m.deliver(message, isSystem)
		if m.rest() {
			return
		}
	}
	m.dispatch()
}

// next takes the next message out of its queue; none ends the run.
func (m *mailbox) next() (message any, isSystem, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.system.len() > 0:
		message, isSystem = m.system.pop(), true
	case m.suspended:
		m.state.Store(held)
		return nil, false, false
	case m.user.len() > 0:
		message = m.user.pop()
	default:
		m.state.Store(idle)
		return nil, false, false
	}
	if m.system.len() == 0 && m.user.len() == 0 {
		m.state.Store(running)
	}
	return message, isSystem, true
}

// deliver hands one message to the actor; a panic goes to the supervisor.
func (m *mailbox) deliver(message any, isSystem bool) {
	defer func() {
		if r := recover(); r != nil {
			m.invoker.EscalateFailure(r, message)
		}
	}()
	switch {
	case !isSystem && m.stopped:
		refuse(message)
		return
	case !isSystem:
		m.invoker.InvokeUserMessage(message)
		return
	}
	switch message.(type) {
	case *actor.Stop: // these actors have no children: it has stopped when this returns
		m.invoker.InvokeSystemMessage(message)
		m.stopped, m.suspended = true, false
	case *actor.SuspendMailbox:
		m.suspended = !m.stopped
	case *actor.ResumeMailbox:
		m.suspended = false
	default:
		m.invoker.InvokeSystemMessage(message)
	}
}

// refuse tells an asker that its question came too late.
func refuse(message any) {
	if asker, ok := message.(interface{ Fail(error) bool }); ok {
		asker.Fail(messages.ErrShutdown)
	}
}

// queue is first in, first out.
type queue struct {
	items []any
	first int
}

func (q *queue) len() int { return len(q.items) - q.first }

func (q *queue) push(item any) {
	if len(q.items) == cap(q.items) && q.first > len(q.items)/2 { // room at the front
		n := copy(q.items, q.items[q.first:])
		clear(q.items[n:])
		q.items, q.first = q.items[:n], 0
	}
	q.items = append(q.items, item)
}

// keep is how many messages an empty queue has room for: one that a storm has
// made larger, and one that few messages came to, give their memory back.
const keep = 8

// pop takes the first of at least one item.
func (q *queue) pop() any {
	item := q.items[q.first]
	q.items[q.first] = nil
	q.first++
	switch {
	case q.len() > 0:
	case cap(q.items) == keep:
		*q = queue{items: q.items[:0]}
	default:
		*q = queue{}
	}
	return item
}
