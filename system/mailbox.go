package system

import (
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/understudy-go/understudy/messages"
)

// inPlaceLimit is how many queued messages a sender handles in its own goroutine
// before it passes the mailbox to the dispatcher.
const inPlaceLimit = 16

// mailbox runs its actor in the goroutine of the sender if the actor is idle, so
// that a question to an idle owner needs no second goroutine. The goroutine that
// runs the actor is the runner. While there is one, senders queue their messages
// for it. System messages come first; if the actor is idle, the dispatcher runs it
// for them. After Stop the mailbox refuses questions. The actor must not block, and
// a sender must not hold a lock that the actor takes.
//
// The invariant: at most one goroutine is the runner, and if a message is queued
// there is one, except while the actor is suspended by a crash.
type mailbox struct {
	state      atomic.Int32
	suspended  bool // by a crash, until the restart; only the runner uses it
	stopped    bool // for good: questions are refused; only the runner sets it, and holds mu
	invoker    actor.MessageInvoker
	dispatcher actor.Dispatcher

	mu     sync.Mutex // guards the queues and the state, except idle to running (PostUserMessage) and running to idle (rest)
	system queue[any]
	user   queue[any]
}

// The states of a mailbox.
const (
	idle    int32 = iota // no runner; both queues are empty
	running              // a runner; both queues were empty when this was set
	waiting              // a runner, or one is about to start; messages are queued
	held                 // no runner: the actor is suspended until a system message is sent
)

// RegisterHandlers is called once, before the first message.
func (m *mailbox) RegisterHandlers(invoker actor.MessageInvoker, dispatcher actor.Dispatcher) {
	m.invoker, m.dispatcher = invoker, dispatcher
}

// Start is called once, after the first message.
func (m *mailbox) Start() {}

// UserMessageCount returns how many messages are queued, system messages aside.
func (m *mailbox) UserMessageCount() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.user.len()
}

// PostUserMessage runs the actor in this goroutine, or queues the message for the
// runner.
func (m *mailbox) PostUserMessage(message any) {
	if m.state.CompareAndSwap(idle, running) {
		m.deliver(message, false)
		if !m.rest() {
			m.run(inPlaceLimit)
		}
		return
	}
	m.mu.Lock()
	if m.stopped { // the runner must not be kept by those who come now
		m.mu.Unlock()
		refuse(message)
		return
	}
	m.user.push(message)
	mine := m.wake(idle)
	m.mu.Unlock()
	if mine {
		m.run(inPlaceLimit)
	}
}

// PostSystemMessage queues the message for the runner. If there is none, the
// dispatcher starts one.
func (m *mailbox) PostSystemMessage(message any) {
	m.mu.Lock()
	m.system.push(message)
	mine := m.wake(idle) || m.wake(held)
	m.mu.Unlock()
	if mine {
		m.dispatch()
	}
}

// wake records that a message is queued. mu is held.
//
//   - If the state is from, which is a state without a runner, it becomes waiting,
//     and wake returns true: the caller must start a runner.
//   - If the state is running, it becomes waiting: the runner finds the message
//     before it ends, because rest fails.
//   - In any other state nothing is to be done: the runner empties the queues, or
//     the message stays queued until the restart.
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

// rest makes the mailbox idle if no message is queued, and reports whether it
// did. The caller is no longer the runner then.
func (m *mailbox) rest() bool {
	return !m.suspended && m.state.CompareAndSwap(running, idle)
}

// dispatch lets the dispatcher start a runner.
func (m *mailbox) dispatch() {
	m.dispatcher.Schedule(func() { m.run(m.dispatcher.Throughput()) })
}

// run is the runner: it handles the queued messages. After limit messages it
// passes the rest to another goroutine. A stopped actor is an exception: Shutdown
// does not wait for that goroutine, so run refuses all that is queued itself. That
// is not much, because senders that come later refuse their own messages.
func (m *mailbox) run(limit int) {
	for n := 0; n < limit || m.stopped; n++ {
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

// next removes the next message from its queue. If ok is false there is none, and
// the caller is no longer the runner.
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

// deliver passes one message to the actor, and a panic to the supervisor.
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
	case *actor.Stop: // the actor has no children, so it has stopped when this returns
		m.invoker.InvokeSystemMessage(message)
		m.mu.Lock()
		m.stopped, m.suspended = true, false
		m.mu.Unlock()
	case *actor.SuspendMailbox:
		m.suspended = !m.stopped
	case *actor.ResumeMailbox:
		m.suspended = false
	default:
		m.invoker.InvokeSystemMessage(message)
	}
}

// refuse fails a question with ErrShutdown. Other messages are lost.
func refuse(message any) {
	if asker, ok := message.(interface{ Fail(error) bool }); ok {
		asker.Fail(messages.ErrShutdown)
	}
}
