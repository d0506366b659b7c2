package system

import (
	"context"
	"fmt"
	"log/slog"
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
	root       *Ref
	kinds      map[string]*Ref
	strategies []*backoff

	stop    sync.Once
	closing chan struct{} // closed when Shutdown begins
	stopped chan struct{} // closed when everything has stopped
}

// Start starts an actor system with one supervisor per kind.
func Start(logger *slog.Logger) (*System, error) {
	logger = slog.New(recovering{logger.Handler()})
	quiet := slog.New(slog.DiscardHandler)
	s := &System{
		logger: logger,
		actors: actor.NewActorSystem(
			actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }),
			actor.WithDeadLetterThrottleInterval(time.Millisecond),
			actor.WithDeadLetterRequestLogging(false)),
		dispatcher: newDispatcher(),
		hub:        newHub(logger),
		kinds:      map[string]*Ref{},
		closing:    make(chan struct{}),
		stopped:    make(chan struct{}),
	}
	// A stream that nobody listens to: a message to an actor that has stopped is
	// lost in silence, where the library's own listener would start a goroutine
	// that outlives the system.
	s.actors.EventStream = eventstream.NewEventStream()
	if err := s.startSupervisors(); err != nil {
		s.actors.Shutdown()
		return nil, fmt.Errorf("start the supervisors: %w", err)
	}
	s.hub.subscribe(logTo(logger))
	return s, nil
}

// startSupervisors starts the root and, under it, one supervisor per kind.
func (s *System) startSupervisors() (err error) {
	atOnce := func() *backoff { return &backoff{free: 5, first: 10 * time.Millisecond, most: time.Second} }
	kinds := map[string]*supervisor{
		"breaker": {sys: s, restart: atOnce(), together: true},
		"retry":   {sys: s, restart: atOnce(), together: true},
		"check":   {sys: s, restart: &backoff{first: time.Second, most: time.Minute}},
	}
	started := make(chan error, 1)
	s.root, err = s.spawnIn(s.actors.Root, "understudy", make(chan struct{}), func() actor.Actor {
		return actor.ReceiveFunc(func(c actor.Context) {
			if _, ok := c.Message().(*actor.Started); ok {
				started <- s.startKinds(c, kinds)
			}
		})
	})
	if err != nil {
		return err
	}
	return <-started
}

func (s *System) startKinds(c actor.Context, kinds map[string]*supervisor) (err error) {
	for kind, v := range kinds {
		s.strategies = append(s.strategies, v.restart)
		v.done = make(chan struct{})
		produce := func() actor.Actor { return v }
		if s.kinds[kind], err = s.spawnIn(c, kind, v.done, produce, actor.WithSupervisor(v.restart)); err != nil {
			return err
		}
	}
	return nil
}

// spawner is a Context or the root context.
type spawner interface {
	SpawnNamed(props *actor.Props, id string) (*actor.PID, error)
}

// spawnIn spawns an actor that closes done when it has stopped.
func (s *System) spawnIn(parent spawner, name string, done chan struct{}, produce func() actor.Actor, opts ...actor.PropsOption) (*Ref, error) {
	opts = append(opts, actor.WithDispatcher(s.dispatcher))
	props := actor.PropsFromProducerWithActorSystem(func(*actor.ActorSystem) actor.Actor {
		return &incarnation{Actor: produce(), sys: s, done: done}
	}, opts...)
	pid, err := parent.SpawnNamed(props, name)
	return &Ref{root: s.actors.Root, pid: pid, done: done}, err
}

// Spawn starts an actor under the supervisor of its kind ("breaker", "retry",
// "check") and returns its address. After a crash produce makes the next
// incarnation. Returns ErrShutdown once Shutdown has begun.
func (s *System) Spawn(kind, name string, produce func() actor.Actor) (interface {
	Send(message any)
	Done() <-chan struct{}
}, error) {
	select {
	case <-s.closing:
		return nil, messages.ErrShutdown
	default:
	}
	parent, ok := s.kinds[kind]
	if !ok {
		return nil, fmt.Errorf("spawn %q: no supervisor for kind %q", name, kind)
	}
	m := &spawn{produce: produce, reply: make(chan spawned, 1)}
	parent.Send(m)
	select {
	case r := <-m.reply:
		if r.err != nil {
			return nil, r.err
		}
		return r.ref, nil
	case <-parent.Done():
		return nil, messages.ErrShutdown
	}
}

// Stop stops the actor at an address that Spawn returned. Done of a check tells
// when; breakers and retries tell together, at the end of all.
func (s *System) Stop(owner interface {
	Send(message any)
	Done() <-chan struct{}
}) {
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
	for _, strategy := range s.strategies {
		strategy.stop()
	}
	s.actors.Root.Stop(s.root.pid)
	<-s.root.done
	s.dispatcher.wait()
	s.hub.close()
	s.actors.Shutdown()
}
