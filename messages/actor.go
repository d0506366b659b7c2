package messages

import "time"

// Actor is the owner of one thing, as the runtime sees it. The runtime calls
// one method at a time.
type Actor interface {
	// Receive handles one message. A panic is a crash: the supervisor restarts
	// the actor, and the messages in its queue are kept.
	Receive(message any)
	// Restarted resumes the actor after a crash, before its next message.
	Restarted()
	// Stopped ends the actor. It is the last call.
	Stopped()
	// String names the actor in the log: "Circuit breaker 'payments'".
	String() string
}

// Address sends messages to one actor. It is safe for concurrent use.
type Address interface {
	// Send never blocks. A message to an actor that has stopped is lost.
	Send(message any)
	// Done is closed when the actor has stopped.
	Done() <-chan struct{}
}

// Kind is what the runtime must know about the actors of one kind. The first
// Spawn of a name decides its Kind; later ones are ignored.
type Kind struct {
	Name  string // "breaker"; also the key of the log attribute that holds the actor's name
	Title string // "Circuit breaker": the name of the kind in log sentences

	FreeRestarts int           // so many crashes in a row are each followed by an immediate restart
	FirstPause   time.Duration // before the restart after the next crash; each further crash doubles it
	MaxPause     time.Duration // upper limit of the pause, without its jitter

	// InPlace lets a sender run an idle actor in the sender's goroutine. Such
	// an actor must not block. Done of its address is closed only when all
	// actors of the kind have stopped.
	InPlace bool
}
