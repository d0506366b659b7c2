package breaker

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/messages"
)

// Handle is what callers hold of a breaker. Its owner is spawned by the first
// message. Safe for concurrent use.
type Handle struct {
	view     atomic.Pointer[view]
	settings atomic.Pointer[Config]
	owner    atomic.Pointer[ask.Owner] // nil: never asked
	shared   *Shared
	name     string
	spawning sync.Mutex
}

// Shared is what the breakers of one system share: where their owners live, and
// the cells in which they are asked.
type Shared struct {
	Host Host
	born time.Time              // from when owners count
	last atomic.Pointer[Config] // what the last breaker was made with
	// Probe runs a health check for a breaker that names it as its Config.Probe and returns what that run said, and why;
	// Unknown if there is no such check. It must return soon after ctx ends. Nil: no breaker finds its probe.
	Probe func(ctx context.Context, check string) (messages.Status, string)

	calls      ask.Pool[messages.Call, messages.Admission]
	results    ask.Pool[messages.Result, struct{}]
	stats      ask.Pool[struct{}, messages.BreakerStats]
	controls   ask.Pool[messages.Control, struct{}]
	configures ask.Pool[*Config, struct{}]
}

// NewShared returns what the breakers of the system of host share.
func NewShared(host Host) *Shared { return &Shared{Host: host, born: time.Now()} }

// Init makes a zero Handle ready. cfg is what Checked returned.
func (h *Handle) Init(shared *Shared, name string, cfg Config) {
	h.shared, h.name = shared, name
	settings := shared.settings(cfg)
	h.settings.Store(settings)
	m := newMachine(settings)
	h.view.Store(newView(name, &m, nil, time.Time{}))
}

// settings returns cfg on the heap. Breakers made with the same settings, one
// after the other, share them.
func (s *Shared) settings(cfg Config) *Config {
	if last := s.last.Load(); last != nil && len(cfg.Excluded) == 0 && cfg.Classify == nil && reflect.DeepEqual(*last, cfg) {
		return last
	}
	s.last.Store(&cfg)
	return &cfg
}

// Name returns the breaker's name.
func (h *Handle) Name() string { return h.name }

// Config returns the settings, defaults filled in.
func (h *Handle) Config() Config {
	cfg := *h.settings.Load()
	cfg.Excluded = slices.Clone(cfg.Excluded) // the caller may change what it gets
	return cfg
}

// Classify returns what err, the end of a call, says about the dependency.
func (h *Handle) Classify(err error) messages.Outcome { return h.settings.Load().classify(err) }

// State returns the state as of now. Wait-free.
func (h *Handle) State() messages.State { return h.view.Load().stateNow() }

// Mode returns who decides the state. Wait-free.
func (h *Handle) Mode() messages.Mode { return h.view.Load().mode }

// TimeUntilReset returns how long the circuit stays open; 0 unless OPEN. Wait-free.
func (h *Handle) TimeUntilReset() time.Duration {
	v := h.view.Load()
	if v.state != messages.Open || v.until.IsZero() {
		return 0
	}
	return max(0, time.Until(v.until))
}

// Lease is an admission that needed no message.
type Lease struct{ v *view }

// Lease admits a call by the lease, if the circuit is CLOSED, no clock is
// needed, and an error of nil is a success.
func (h *Handle) Lease() (Lease, bool) {
	v := h.view.Load()
	return Lease{v}, v.plain
}

// Success counts a success; false: try SuccessToo.
func (l Lease) Success() bool { return l.v.count() }

// SuccessToo counts a success where Success could not; false: the lease is
// sealed, Report it.
func (l Lease) SuccessToo() bool { return l.v.recount() }

// Refusal is why a call that got no lease is refused without asking; nil: Admit
// it.
func (l Lease) Refusal() error {
	if l.v.refuses() {
		return l.v.refusal
	}
	return nil
}

// Ticket returns the lease as a Ticket, for Report.
func (l Lease) Ticket() Ticket { return Ticket{permit: messages.Permit{Epoch: l.v.epoch}} }

// Ticket is an admission: what Report needs to know of a call.
type Ticket struct {
	permit  messages.Permit
	started time.Time // zero: slow calls did not matter
}

// Admit asks for admission, by the lease where it can. It waits for the owner
// at most until ctx ends. A refusal is a *CircuitOpenError.
func (h *Handle) Admit(ctx context.Context) (Ticket, error) {
	v := h.view.Load()
	switch {
	case v.stopped:
		return Ticket{}, messages.ErrShutdown
	case v.state == messages.Closed && !v.timed:
		return Ticket{permit: messages.Permit{Epoch: v.epoch}}, nil
	case v.state == messages.Closed:
		return Ticket{messages.Permit{Epoch: v.epoch}, time.Now()}, nil
	case v.refuses():
		return Ticket{}, v.refusal
	}
	a, err := question(ctx, h, &h.shared.calls, messages.Call{})
	switch {
	case err != nil:
		return Ticket{}, err
	case a.Refusal != nil:
		return Ticket{}, a.Refusal
	}
	t := Ticket{permit: a.Permit}
	if h.settings.Load().SlowCall > 0 {
		t.started = time.Now()
	}
	return t, nil
}

// Report tells how an admitted call ended and returns once that is in. A fast
// success of an ordinary call goes on the tally; all else is asked.
func (h *Handle) Report(t Ticket, outcome messages.Outcome) {
	slow := !t.started.IsZero() && h.settings.Load().isSlow(time.Since(t.started))
	if outcome == messages.Success && !slow && t.permit.Trial == 0 {
		v := h.view.Load()
		if v.state == messages.Closed && v.epoch == t.permit.Epoch && (v.count() || v.recount()) {
			return
		}
	}
	// The one error there can be is that the owner is no more, or crashed and
	// logged it: the caller's own result goes on.
	_, _ = question(context.Background(), h, &h.shared.results, messages.Result{Permit: t.permit, Outcome: outcome, Slow: slow})
}

// Stats returns the counts, consistent among each other.
func (h *Handle) Stats() (messages.BreakerStats, error) {
	return question(context.Background(), h, &h.shared.stats, struct{}{})
}

// Order carries out an operator's order.
func (h *Handle) Order(order messages.Order) error {
	_, err := question(context.Background(), h, &h.shared.controls, messages.Control{Order: order})
	return err
}

// Configure replaces the settings while the breaker runs. Bad settings change nothing.
func (h *Handle) Configure(cfg Config) error {
	cfg, err := Checked(h.name, cfg)
	if err != nil {
		return err
	}
	_, err = question(context.Background(), h, &h.shared.configures, &cfg)
	return err
}

// Close tells a handle that was never asked that the system has shut down; an
// owner closes its handle itself.
func (h *Handle) Close() {
	h.spawning.Lock()
	defer h.spawning.Unlock()
	if h.owner.Load() == nil {
		h.close()
	}
}

// close publishes the last view.
func (h *Handle) close() {
	last := h.view.Load()
	last.freeze()
	h.view.Store(stoppedView(last))
}

// question asks the owner and waits for the answer.
func question[Q, A any](ctx context.Context, h *Handle, pool *ask.Pool[Q, A], q Q) (A, error) {
	owner, err := h.address()
	if err != nil {
		var none A
		return none, err
	}
	return pool.Ask(ctx, owner, q)
}

// address returns the owner's address; the first to need it spawns the owner.
func (h *Handle) address() (ask.Owner, error) {
	if owner := h.owner.Load(); owner != nil {
		return *owner, nil
	}
	h.spawning.Lock()
	defer h.spawning.Unlock()
	if owner := h.owner.Load(); owner != nil {
		return *owner, nil
	}
	owner, err := spawn(h)
	switch {
	case errors.Is(err, messages.ErrShutdown):
		h.close()
		return nil, err
	case err != nil:
		return nil, err
	}
	h.owner.Store(&owner)
	return owner, nil
}
