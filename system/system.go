package system

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"
	"github.com/understudy-go/understudy/messages"
)

// System runs the actors of one process.
type System struct {
	logger     *slog.Logger
	actors     *actor.ActorSystem
	dispatcher *dispatcher
	hub        *hub
	root       *Ref   // the parent of all supervisors
	seed       uint64 // of all random numbers

	mu          sync.Mutex             // held while a supervisor is started
	supervisors map[string]*supervisor // by the name of their kind

	stop    sync.Once
	closing chan struct{} // closed when Shutdown begins
	stopped chan struct{} // closed when everything has stopped
}

// Start starts an actor system. The first Spawn of each kind starts the
// supervisor of that kind. All random numbers follow from the seed; 0 stands for
// one that is different each time.
func Start(logger *slog.Logger, seed uint64) (*System, error) {
	logger = slog.New(recovering{logger.Handler()})
	quiet := slog.New(slog.DiscardHandler)
	s := &System{
		logger: logger,
		actors: actor.NewActorSystem(
			actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }),
			actor.WithDeadLetterThrottleInterval(time.Millisecond),
			actor.WithDeadLetterRequestLogging(false)),
		dispatcher:  newDispatcher(),
		hub:         newHub(logger),
		supervisors: map[string]*supervisor{},
		seed:        cmp.Or(seed, rand.Uint64()),
		closing:     make(chan struct{}),
		stopped:     make(chan struct{}),
	}
	// A stream that nobody listens to: a message to an actor that has stopped is
	// lost in silence, where the library's own listener would start a goroutine
	// that outlives the system.
	s.actors.EventStream = eventstream.NewEventStream()
	var err error
	if s.root, err = s.spawnParent(s.actors.Root, "understudy", nil); err != nil {
		s.actors.Shutdown()
		return nil, fmt.Errorf("start the root actor: %w", err)
	}
	s.hub.subscribe(logTo(logger))
	return s, nil
}

// Spawn starts an owner under the supervisor of its kind and returns its
// address. Once Shutdown has begun it returns ErrShutdown.
func (s *System) Spawn(kind messages.Kind, owner messages.Actor) (messages.Address, error) {
	v, err := s.supervisor(kind)
	if err != nil {
		return nil, err
	}
	ref, err := s.ask(v.Ref, func(c actor.Context) (*Ref, error) { return s.spawnOwner(c, v, owner) })
	if err != nil {
		return nil, err
	}
	return ref, nil
}

// Stop stops the owner at an address that Spawn returned. Done of the address is
// closed when it has stopped; of one that runs in place, when all have.
func (s *System) Stop(owner messages.Address) {
	if ref, ok := owner.(*Ref); ok {
		s.actors.Root.Stop(ref.pid)
	}
}

// Emit hands an event to every subscriber; it never blocks.
func (s *System) Emit(e messages.Event) { s.hub.emit(e) }

// Go runs fn in a goroutine that Shutdown waits for: fn must end soon after
// Shutdown began. It is for actors.
func (s *System) Go(fn func()) { s.dispatcher.Schedule(fn) }

// Logger returns the logger that Start was given.
func (s *System) Logger() *slog.Logger { return s.logger }

// Closing is closed when Shutdown begins.
func (s *System) Closing() <-chan struct{} { return s.closing }

// Random returns random numbers that follow from the seed and this name: others
// for each name, and the same ones for the same.
func (s *System) Random(name string) *rand.Rand {
	hash := fnv.New64a()
	_, _ = io.WriteString(hash, name) // it has no error
	return rand.New(rand.NewPCG(s.seed, hash.Sum64()))
}

// Subscribe calls fn, in a goroutine of its own, with every event from now on,
// in the order they were emitted. A subscriber that is too slow loses the
// oldest of the 1,024 events that wait for it and receives one Dropped. After
// cancel has returned no call of fn begins.
func (s *System) Subscribe(fn func(messages.Event)) (cancel func()) { return s.hub.subscribe(fn) }

// Close refuses new work from now on and releases everyone who waits.
func (s *System) Close() { s.stop.Do(func() { close(s.closing); go s.stopAll() }) }

// Shutdown stops all actors bottom up, delivers the events that wait and
// returns nil once everything has stopped. It may be called again, and by many;
// each call waits until its own ctx ends.
func (s *System) Shutdown(ctx context.Context) error {
	s.Close()
	select {
	case <-s.stopped:
		return nil
	default:
	}
	select {
	case <-s.stopped:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("shutdown has not finished: %w", ctx.Err())
	}
}

// stopAll runs in the one goroutine that Close starts and ends with it.
func (s *System) stopAll() {
	defer close(s.stopped)
	s.actors.Root.Stop(s.root.pid)
	<-s.root.done
	s.dispatcher.wait()
	s.hub.close()
	s.actors.Shutdown()
}
