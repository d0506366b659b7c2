package owner

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Host is the runtime that owners live in. Safe for concurrent use.
type Host interface {
	// Spawn starts an owner under the supervisor of its kind and returns its
	// address; ErrShutdown once Shutdown has begun.
	Spawn(kind messages.Kind, owner messages.Actor) (messages.Address, error)
	// Stop stops an owner.
	Stop(owner messages.Address)
	// Emit hands an event to all subscribers. It never blocks.
	Emit(e messages.Event)
	// Logger returns the log of the system.
	Logger() *slog.Logger
	// Go runs fn in a goroutine that Shutdown waits for.
	Go(fn func())
	// Closing is closed when Shutdown begins.
	Closing() <-chan struct{}
	// Random returns the random numbers of the owner of that name: the same
	// ones each time, if the system was given a seed.
	Random(owner string) *rand.Rand
}

// InPlace returns the kind of owners that only answer questions, and never
// block: a sender may run one in its own goroutine. Five crashes in a row are
// forgiven at once; then the pause before a restart doubles from 10 ms to 1 s.
func InPlace(name, title string) messages.Kind {
	return messages.Kind{
		Name: name, Title: title, InPlace: true,
		FreeRestarts: 5, FirstPause: 10 * time.Millisecond, MaxPause: time.Second,
	}
}
