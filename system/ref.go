package system

import (
	"fmt"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"
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

// incarnation is one life of an actor: it closes its own done at the end
// and keeps a panic on the way out from raising the dead (in protoactor
// a panic in Stopping restarts the actor, one in Stopped strands those who wait).
type incarnation struct {
	actor.Actor
	sys  *System
	done chan struct{} // nil: its supervisor's tells for it
}

// Receive hands every message to the actor.
func (i *incarnation) Receive(c actor.Context) {
	switch c.Message().(type) {
	case *actor.Stopped:
		if i.done != nil {
			defer close(i.done)
		}
		i.last(c)
	case *actor.Stopping:
		i.last(c)
	default:
		i.Actor.Receive(c)
	}
}

func (i *incarnation) last(c actor.Context) {
	defer func() {
		if r := recover(); r != nil {
			i.sys.logger.Error("an actor panicked while it stopped", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		}
	}()
	i.Actor.Receive(c)
}
