package system

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strconv"
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
	log        *eventLog
	counts     counts
	root       *Ref   // the parent of all supervisors
	seed       uint64 // of all random numbers

	mu          sync.Mutex             // held while a supervisor is started
	supervisors map[string]*supervisor // by the Name of their kind

	stop    sync.Once
	closing chan struct{} // closed when Shutdown begins
	stopped chan struct{} // closed when everything has stopped
}

// Start starts an actor system that logs to logger. The first Spawn of each kind
// starts the supervisor of that kind. The seed decides all random numbers; 0 means
// a random seed. On a 32-bit machine it returns a *ConfigError.
func Start(logger *slog.Logger, seed uint64) (*System, error) {
	quiet := slog.New(slog.DiscardHandler)
	if err := checkMachine(strconv.IntSize); err != nil {
		return nil, err
	}
	s := &System{
		actors: actor.NewActorSystem(
			actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }),
			actor.WithDeadLetterThrottleInterval(time.Millisecond),
			actor.WithDeadLetterRequestLogging(false)),
		dispatcher:  newDispatcher(),
		supervisors: map[string]*supervisor{},
		seed:        cmp.Or(seed, rand.Uint64()),
		closing:     make(chan struct{}),
		stopped:     make(chan struct{}),
	}
	// Replace the library's event stream by one without subscribers, so that a
	// message to a stopped actor is dropped. The library's own subscriber would
	// start a goroutine that outlives the system.
	s.actors.EventStream = eventstream.NewEventStream()
	var err error
	if s.root, err = s.spawnParent(s.actors.Root, "understudy", nil); err != nil {
		s.actors.Shutdown()
		return nil, fmt.Errorf("start the root actor: %w", err)
	}
	s.log = newEventLog(logger.Handler(), &s.counts.dropped)
	s.logger = slog.New(s.log.out)
	s.hub = newHub(s.logger, &s.counts.dropped)
	return s, nil
}

// checkMachine returns an error if int has fewer than 64 bits. The actor library
// needs them.
func checkMachine(intSize int) error {
	if intSize < 64 {
		return &messages.ConfigError{Kind: "system", Field: "GOARCH", Problem: "must be a 64-bit architecture: " + runtime.GOARCH}
	}
	return nil
}

// Spawn starts an owner under the supervisor of its kind and returns its
// address. The supervisor, and with it the kind, is that of the first Spawn with
// this kind.Name. Once Shutdown has begun Spawn returns ErrShutdown.
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

// Stop stops the owner at an address that Spawn returned, and does not wait for
// it. Done of the address is closed when the owner has stopped; if the owner runs
// in place, when all owners of its kind have.
func (s *System) Stop(owner messages.Address) {
	if ref, ok := owner.(*Ref); ok {
		s.actors.Root.Stop(ref.pid)
	}
}

// Go runs fn in a goroutine that Shutdown waits for. fn must return soon after
// Shutdown has begun. Only actors may call Go.
func (s *System) Go(fn func()) { s.dispatcher.Schedule(fn) }

// Closing is closed when Shutdown begins.
func (s *System) Closing() <-chan struct{} { return s.closing }

// Random returns a source of random numbers that the seed of the system and the
// name decide. With the same seed, the same name gives the same numbers.
func (s *System) Random(name string) *rand.Rand {
	hash := fnv.New64a()
	_, _ = io.WriteString(hash, name) // it has no error
	return rand.New(rand.NewPCG(s.seed, hash.Sum64()))
}

// Close begins the shutdown and does not wait for it: Closing is closed, Spawn
// returns ErrShutdown, and all actors are stopped.
func (s *System) Close() { s.stop.Do(func() { close(s.closing); go s.stopAll() }) }

// Shutdown stops all actors, children first, delivers the events that are queued,
// and returns nil when everything has stopped. It returns an error if ctx ends
// before; the shutdown goes on. It may be called more than once and concurrently.
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
		return fmt.Errorf("shutdown has not finished%s: %w", s.waiting(), ctx.Err())
	}
}

// waiting returns what a shutdown waits for, as the middle of a sentence.
func (s *System) waiting() (text string) {
	if n := s.hub.waiting(); n > 0 {
		text += fmt.Sprintf(": %d events wait for subscribers", n)
	}
	if n := s.log.sub.waiting(); n > 0 {
		text += fmt.Sprintf(": %d lines wait for the log", n)
	}
	return text
}

// stopAll runs in the one goroutine that Close starts and ends with it.
func (s *System) stopAll() {
	defer close(s.stopped)
	s.actors.Root.Stop(s.root.pid)
	<-s.root.done
	s.dispatcher.wait()
	s.hub.close()
	s.log.close() // after all that may log
	s.actors.Shutdown()
}
