package system

import (
	"fmt"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/understudy-go/understudy/messages"
)

// Ref is the address of an actor. It is safe for concurrent use.
type Ref struct {
	root *actor.RootContext
	pid  *actor.PID
	done chan struct{} // closed when the actor, or its supervisor if it runs in place, has stopped

	mailbox *mailbox // of an actor that runs in place; else nil: pid leads to the library's mailbox
}

// Send puts message into the actor's mailbox. An idle actor that runs in place
// handles it before Send returns. A message to an actor that has stopped is lost;
// if it is a question to an actor that runs in place, it fails with ErrShutdown.
func (r *Ref) Send(message any) {
	if r.mailbox != nil {
		r.mailbox.PostUserMessage(message)
		return
	}
	r.root.Send(r.pid, message)
}

// Done is closed when the actor has stopped; Done of an actor that runs in place,
// when all actors of its kind have.
func (r *Ref) Done() <-chan struct{} { return r.done }

// lifecycle makes an actor of the library out of an owner. All restarts use the
// same one.
type lifecycle struct {
	owner   messages.Actor
	sys     *System
	done    chan struct{} // closed when the owner has stopped; nil if it runs in place
	started bool
	stopped bool
}

// Receive passes messages to the owner, and turns the library's own into calls of
// Restarted and Stopped.
func (l *lifecycle) Receive(c actor.Context) {
	switch message := c.Message().(type) {
	case *actor.Started:
		if l.started {
			l.owner.Restarted()
		}
		l.started = true
	case *actor.Restarting, *actor.Stopping:
	case *actor.Stopped:
		if !l.stopped { // the library may restart an actor that it stops
			l.stopped = true
			l.stop()
		}
	default:
		l.owner.Receive(message)
	}
}

// stop ends the owner. It recovers a panic, because the library would otherwise
// leave the callers that wait for Done blocked.
func (l *lifecycle) stop() {
	defer func() {
		if r := recover(); r != nil {
			sentence, stack := fmt.Sprintf("%v panicked while it stopped", l.owner), string(debug.Stack())
			l.sys.Go(func() { l.sys.logger.Error(sentence, "panic", r, "stack", stack) }) // ends with the log
		}
		if l.done != nil {
			close(l.done)
		}
	}()
	l.owner.Stopped()
}
