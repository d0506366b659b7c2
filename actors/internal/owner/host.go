package owner

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Host is the runtime of the owners. It is safe for concurrent use.
type Host interface {
	// Spawn starts an owner under the supervisor of its kind and returns its
	// address. Once Shutdown has begun it returns ErrShutdown.
	Spawn(kind messages.Kind, owner messages.Actor) (messages.Address, error)
	// Stop stops an owner, and does not wait for it.
	Stop(owner messages.Address)
	// Emit delivers an event to all subscribers. It never blocks.
	Emit(e messages.Event)
	// NoteCall counts an event of a single call, and reports whether the event
	// itself is wanted: if so, EmitCall it.
	NoteCall(ctx context.Context, name string, kind messages.CallKind, err error) (wanted bool)
	// EmitCall delivers an event of a single call. It never blocks.
	EmitCall(ctx context.Context, name string, e messages.Event)
	// Logger returns the log of the system.
	Logger() *slog.Logger
	// Go runs fn in a goroutine that Shutdown waits for.
	Go(fn func())
	// Closing is closed when Shutdown begins.
	Closing() <-chan struct{}
	// Random returns a source of random numbers for the owner of that name. With
	// the same seed of the system, the same name gives the same numbers.
	Random(owner string) *rand.Rand
}

// InPlace returns a kind of owners that never block, so that a sender may run one
// in its own goroutine. Each of the first five crashes in a row is followed by an
// immediate restart; then the pause before a restart doubles from 10 ms to 1 s.
func InPlace(name, title string) messages.Kind {
	return messages.Kind{
		Name: name, Title: title, InPlace: true,
		FreeRestarts: 5, FirstPause: 10 * time.Millisecond, MaxPause: time.Second,
	}
}
