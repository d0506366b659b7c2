package breaker

import (
	"log/slog"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/messages"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// host is the smallest system that a breaker can live in. It counts what is
// sent to owners.
type host struct {
	system  *actor.ActorSystem
	closing chan struct{}
	asked   atomic.Int64 // questions so far
	ticks   atomic.Int64 // ticks so far
	poison  atomic.Bool  // the next step crashes half-way
	probes  sync.WaitGroup

	mu      sync.Mutex
	spawned int
	owners  []*address
	events  []messages.BreakerChanged
	lost    []messages.ProbeUnanswered
	core    *core // what the last owner spawned owns
}

func newHost() *host {
	return &host{closing: make(chan struct{}), system: actor.NewActorSystem(
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }),
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
		actor.WithDeadLetterRequestLogging(false))}
}

func (h *host) Logger() *slog.Logger     { return slog.New(slog.DiscardHandler) }
func (h *host) Closing() <-chan struct{} { return h.closing }

func (h *host) Go(fn func()) { h.probes.Go(fn) }

func (h *host) Emit(e messages.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if lost, ok := e.(messages.ProbeUnanswered); ok {
		h.lost = append(h.lost, lost)
		return
	}
	h.events = append(h.events, e.(messages.BreakerChanged))
}

func (h *host) unanswered() []messages.ProbeUnanswered {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.lost)
}

func (h *host) changes() []messages.BreakerChanged {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.events)
}

func (h *host) Spawn(_, _ string, produce func() actor.Actor) (ask.Owner, error) {
	select {
	case <-h.closing:
		return nil, messages.ErrShutdown
	default:
	}
	for range 1000 { // give others who want an owner the time to come
		runtime.Gosched()
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.spawned++
	a := &address{host: h, done: make(chan struct{})}
	a.pid = h.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor {
		o := produce().(*owner)
		h.core = o.core
		return &attendant{a, o}
	}))
	h.owners = append(h.owners, a)
	return a, nil
}

func (h *host) shutdown() {
	close(h.closing)
	h.stop()
}

// stop is what shutdown does after it began.
func (h *host) stop() {
	for _, a := range h.owners {
		_ = h.system.Root.StopFuture(a.pid).Wait()
		close(a.done)
	}
	h.probes.Wait()
	h.system.Shutdown()
}

type address struct {
	host     *host
	pid      *actor.PID
	stopping atomic.Bool
	done     chan struct{}
}

// Send loses messages to an owner that stops, as the real system does.
func (a *address) Send(message any) {
	if a.stopping.Load() {
		return
	}
	switch message.(type) {
	case messages.Tick:
		a.host.ticks.Add(1)
	case hold:
	default:
		a.host.asked.Add(1)
	}
	a.host.system.Root.Send(a.pid, message)
}

func (a *address) Done() <-chan struct{} { return a.done }

// attendant stands between the mailbox and the owner. It can hold the owner up,
// so that messages queue, and make a step crash.
type attendant struct {
	at *address
	*owner
}

// hold keeps the owner from its next message until it is closed.
type hold chan struct{}

func (a *attendant) Receive(c actor.Context) {
	switch m := c.Message().(type) {
	case hold:
		<-m
		return
	case *actor.Stopping:
		a.at.stopping.Store(true)
	case *actor.Started, *actor.Restarting, *actor.Stopped:
	default:
		if a.at.host.poison.CompareAndSwap(true, false) {
			spare := a.spare
			a.spare = nil // a step cannot do without
			defer func() { a.spare = spare }()
		}
	}
	a.owner.Receive(c)
}

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

func newTestMachine(t testing.TB, cfg Config) *machine {
	t.Helper()
	cfg, err := Checked("api", cfg)
	require.NoError(t, err)
	m := newMachine(&cfg)
	return &m
}
