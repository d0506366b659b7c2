package system

import (
	"fmt"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/understudy-go/understudy/messages"
)

// Ref is the address of an actor. Safe for concurrent use.
type Ref struct {
	root *actor.RootContext
	pid  *actor.PID
	done chan struct{} // its own, or that of its supervisor

	mailbox *mailbox // nil: the library's, which the pid leads to
}

// Send puts message into the actor's mailbox, or has the actor take it here and
// now. A message to an actor that has stopped is lost; who asks in it is refused.
func (r *Ref) Send(message any) {
	if r.mailbox != nil {
		r.mailbox.PostUserMessage(message)
		return
	}
	r.root.Send(r.pid, message)
}

// Done is closed once the actor has stopped for good.
func (r *Ref) Done() <-chan struct{} { return r.done }

// lifecycle is an owner as the library sees it: one actor through all restarts.
type lifecycle struct {
	owner   messages.Actor
	sys     *System
	done    chan struct{} // closed when the owner has stopped; nil: its supervisor's is
	started bool
}

// Receive hands every message to the owner.
func (l *lifecycle) Receive(c actor.Context) {
	switch message := c.Message().(type) {
	case *actor.Started:
		if l.started {
			l.owner.Restarted()
		}
		l.started = true
	case *actor.Restarting, *actor.Stopping:
	case *actor.Stopped:
		l.stop()
	default:
		l.owner.Receive(message)
	}
}

// stop recovers a panic: in the library a panic in Stopped would leave those who
// wait for the end waiting.
func (l *lifecycle) stop() {
	defer func() {
		if r := recover(); r != nil {
			l.sys.logger.Error(fmt.Sprintf("%v panicked while it stopped", l.owner), "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
		if l.done != nil {
			close(l.done)
		}
	}()
	l.owner.Stopped()
}
