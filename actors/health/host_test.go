package health

import (
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/understudy-go/understudy/messages"
)

// host is the least a check can live in: one supervisor that restarts after a second.
type host struct {
	system *actor.ActorSystem
	parent *actor.PID
	mu     sync.Mutex
	events []messages.Event
	onEmit func(messages.Event)
}

type ref struct {
	root *actor.RootContext
	pid  *actor.PID
	done chan struct{}
}

func (r *ref) Send(message any)      { r.root.Send(r.pid, message) }
func (r *ref) Done() <-chan struct{} { return r.done }

type restartAfterASecond struct{}

func (restartAfterASecond) HandleFailure(_ *actor.ActorSystem, s actor.Supervisor, child *actor.PID, _ *actor.RestartStatistics, _, _ any) {
	time.AfterFunc(time.Second, func() { s.RestartChildren(child) })
}

// inHost runs fn in a bubble with a host, and stops the host after.
func inHost(t *testing.T, fn func(t *testing.T, h *host)) {
	synctest.Test(t, func(t *testing.T) {
		quiet := slog.New(slog.DiscardHandler)
		h := &host{system: actor.NewActorSystem(
			actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return quiet }),
			actor.WithDeadLetterThrottleInterval(time.Millisecond), actor.WithDeadLetterRequestLogging(false))}
		h.parent = h.system.Root.Spawn(actor.PropsFromFunc(func(c actor.Context) {
			if spawn, ok := c.Message().(func(actor.Context)); ok {
				spawn(c)
			}
		}, actor.WithSupervisor(restartAfterASecond{})))
		defer func() {
			h.system.Root.Stop(h.parent)
			synctest.Wait()
			h.system.Shutdown()
			time.Sleep(time.Second) // the actor system counts dead letters on a timer
		}()
		fn(t, h)
	})
}

func (h *host) Spawn(_, _ string, produce func() actor.Actor) (interface {
	Send(message any)
	Done() <-chan struct{}
}, error) {
	r := &ref{root: h.system.Root, done: make(chan struct{})}
	spawned := make(chan struct{})
	h.system.Root.Send(h.parent, func(c actor.Context) {
		r.pid = c.Spawn(actor.PropsFromProducer(func() actor.Actor {
			inner := produce()
			return actor.ReceiveFunc(func(c actor.Context) {
				inner.Receive(c)
				if _, stopped := c.Message().(*actor.Stopped); stopped {
					close(r.done)
				}
			})
		}))
		close(spawned)
	})
	<-spawned
	return r, nil
}

func (h *host) Stop(owner interface {
	Send(message any)
	Done() <-chan struct{}
}) {
	h.system.Root.Stop(owner.(*ref).pid)
}

func (h *host) Emit(e messages.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, e)
	if h.onEmit != nil {
		h.onEmit(e)
	}
}
