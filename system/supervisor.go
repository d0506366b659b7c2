package system

import (
	"strconv"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/understudy-go/understudy/messages"
)

// parent is an actor that spawns others on request until it is stopped: the root
// spawns supervisors, and a supervisor spawns the owners of its kind.
type parent struct {
	restart  *backoff      // restarts its children; nil: they do not crash
	done     chan struct{} // closed when it has stopped
	stopping bool
}

// spawn asks a parent for a new child.
type spawn struct {
	child func(parent actor.Context) (*Ref, error)
	reply chan spawned // capacity 1
}

type spawned struct {
	ref *Ref
	err error
}

// Receive spawns a child on request, and cancels restarts once the parent is
// stopped.
func (p *parent) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case *spawn:
		if p.stopping {
			m.reply <- spawned{err: messages.ErrShutdown}
			return
		}
		ref, err := m.child(c)
		m.reply <- spawned{ref, err}
	case *actor.Stopping: // its children are stopped next
		p.stopping = true
		if p.restart != nil {
			p.restart.stop()
		}
	case *actor.Stopped: // its children have stopped
		close(p.done)
	}
}

// ask lets a parent spawn a child. It returns ErrShutdown if the parent stops
// before.
func (s *System) ask(parent *Ref, child func(actor.Context) (*Ref, error)) (*Ref, error) {
	m := &spawn{child: child, reply: make(chan spawned, 1)}
	parent.Send(m)
	select {
	case r := <-m.reply:
		return r.ref, r.err
	case <-parent.Done():
		return nil, messages.ErrShutdown
	}
}

// spawner is a Context or the root context.
type spawner interface {
	SpawnNamed(props *actor.Props, id string) (*actor.PID, error)
}

// spawnIn spawns an actor; done is what its Ref returns as Done.
func (s *System) spawnIn(parent spawner, name string, done chan struct{}, a actor.Actor, opts ...actor.PropsOption) (*Ref, error) {
	opts = append(opts, actor.WithDispatcher(s.dispatcher))
	pid, err := parent.SpawnNamed(actor.PropsFromProducer(func() actor.Actor { return a }, opts...), name)
	if err != nil {
		return nil, err
	}
	return &Ref{root: s.actors.Root, pid: pid, done: done}, nil
}

// spawnParent spawns a parent whose children are restarted by restart.
func (s *System) spawnParent(in spawner, name string, restart *backoff) (*Ref, error) {
	p := &parent{restart: restart, done: make(chan struct{})}
	var opts []actor.PropsOption
	if restart != nil {
		opts = append(opts, actor.WithSupervisor(restart))
	}
	return s.spawnIn(in, name, p.done, p, opts...)
}

// supervisor is the parent of all owners of one kind.
type supervisor struct {
	*Ref
	kind     messages.Kind
	children uint64 // spawned so far; used only on its mailbox
}

// supervisor returns the supervisor of a kind. It starts it if there is none. Once
// Shutdown has begun it returns ErrShutdown.
func (s *System) supervisor(kind messages.Kind) (*supervisor, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.closing:
		return nil, messages.ErrShutdown
	default:
	}
	if v := s.supervisors[kind.Name]; v != nil {
		return v, nil
	}
	ref, err := s.ask(s.root, func(c actor.Context) (*Ref, error) {
		return s.spawnParent(c, kind.Name, &backoff{kind: kind, sys: s})
	})
	if err != nil {
		return nil, err
	}
	v := &supervisor{Ref: ref, kind: kind}
	s.supervisors[kind.Name] = v
	return v, nil
}

// spawnOwner spawns an owner; it runs on the supervisor's mailbox.
func (s *System) spawnOwner(c actor.Context, v *supervisor, owner messages.Actor) (*Ref, error) {
	v.children++
	name := strconv.FormatUint(v.children, 36)
	if !v.kind.InPlace {
		done := make(chan struct{})
		return s.spawnIn(c, name, done, &lifecycle{owner: owner, sys: s, done: done})
	}
	m := &mailbox{}
	ref, err := s.spawnIn(c, name, v.done, &lifecycle{owner: owner, sys: s}, actor.WithMailbox(func() actor.Mailbox { return m }))
	if err != nil {
		return nil, err
	}
	ref.mailbox = m
	return ref, nil
}
