package messages

import "time"

// Actor is the owner of one thing, as the runtime sees it. The runtime calls
// one method at a time.
type Actor interface {
	// Receive takes one message. A panic is a crash: the supervisor restarts
	// the actor, and the messages that wait stay in line.
	Receive(message any)
	// Restarted goes on after a crash, before the next message.
	Restarted()
	// Stopped ends the actor: no other call follows.
	Stopped()
	// String names the actor in the log: "Circuit breaker 'payments'".
	String() string
}

// Address is where messages to an actor are sent. Safe for concurrent use.
type Address interface {
	// Send never blocks. A message to an actor that has stopped is lost.
	Send(message any)
	// Done is closed when the actor has stopped.
	Done() <-chan struct{}
}

// Kind is what the runtime must know of the actors of one kind. The kind with
// a name is the one that the first Spawn brings.
type Kind struct {
	Name  string // "breaker": in the log it is the name of the attribute that names the actor
	Title string // "Circuit breaker": how the log calls an actor of this kind

	FreeRestarts int           // crashes in a row after each of which an actor is restarted at once
	FirstPause   time.Duration // before the restart after one crash more; each further crash doubles it
	MaxPause     time.Duration // no pause before a restart is longer, jitter aside

	// InPlace lets a sender run an idle actor in the sender's goroutine. Such
	// an actor must not block, and Done of its address is closed when all
	// actors of the kind have stopped.
	InPlace bool
}
