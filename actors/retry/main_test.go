package retry

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is the smallest system that a policy can live in.
type host struct {
	system  *actor.ActorSystem
	closing chan struct{}
	spawned int
	sent    atomic.Int64 // messages so far
	owners  []*address
	logs    sync.WaitGroup
}

func newHost() *host {
	return &host{closing: make(chan struct{}), system: actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }),
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
		actor.WithDeadLetterRequestLogging(false))}
}

func (h *host) Go(fn func())             { h.logs.Go(fn) }
func (h *host) Emit(messages.Event)      {}
func (h *host) Logger() *slog.Logger     { return slog.New(slog.DiscardHandler) }
func (h *host) Closing() <-chan struct{} { return h.closing }

func (h *host) Spawn(_, _ string, produce func() actor.Actor) (ask.Owner, error) {
	select {
	case <-h.closing:
		return nil, messages.ErrShutdown
	default:
	}
	h.spawned++
	a := &address{host: h, done: make(chan struct{})}
	a.pid = h.system.Root.Spawn(actor.PropsFromProducer(produce))
	h.owners = append(h.owners, a)
	return a, nil
}

func (h *host) shutdown() {
	close(h.closing)
	for _, a := range h.owners {
		_ = h.system.Root.StopFuture(a.pid).Wait()
		close(a.done)
	}
	h.system.Shutdown()
}

type address struct {
	host *host
	pid  *actor.PID
	done chan struct{}
}

func (a *address) Send(message any) {
	a.host.sent.Add(1)
	a.host.system.Root.Send(a.pid, message)
}
func (a *address) Done() <-chan struct{} { return a.done }

// noon is when every table begins.
var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

// at reads "1s" as one second past noon.
func at(t testing.TB, past string) time.Time {
	t.Helper()
	d, err := time.ParseDuration(past)
	if err != nil {
		t.Fatalf("not a time: %q", past)
	}
	return noon.Add(d)
}
