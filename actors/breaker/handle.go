package breaker

import (
	"context"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// Handle is what callers hold of a breaker. Its owner is spawned by the first
// message. Safe for concurrent use.
type Handle struct {
	lease    atomic.Pointer[Lease]
	settings atomic.Pointer[Config]
	owner    owner.Once[ownerState]
	shared   *Shared
	name     string
}

// Shared is what the breakers of one system share: where their owners live, and
// the cells in which they are asked.
type Shared struct {
	Host owner.Host
	born time.Time              // from when owners count
	last atomic.Pointer[Config] // what the last breaker was made with
	// Probe runs a health check for a breaker that names it as its Config.Probe and returns what that run said, and why;
	// Unknown if there is no such check. It must return soon after ctx ends. Nil: no breaker finds its probe.
	Probe func(ctx context.Context, check string) (messages.Status, string)

	calls      ask.Pool[messages.Call, messages.Permit]
	results    ask.Pool[messages.Result, struct{}]
	stats      ask.Pool[struct{}, messages.BreakerStats]
	controls   ask.Pool[messages.Control, struct{}]
	configures ask.Pool[*Config, struct{}]
}

// NewShared returns what the breakers of the system of host share.
func NewShared(host owner.Host) *Shared { return &Shared{Host: host, born: time.Now()} }

// clock returns how long ago these breakers began to count; never 0. It reads
// one clock, where time.Now reads two.
func (s *Shared) clock() time.Duration { return time.Since(s.born) + 1 }

// Init makes a zero Handle ready. cfg is what Checked returned.
func (h *Handle) Init(shared *Shared, name string, cfg Config) {
	h.shared, h.name = shared, name
	settings := shared.settings(cfg)
	h.settings.Store(settings)
	m := newMachine(settings)
	h.lease.Store(newLease(name, &m, nil, time.Time{}))
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

// State returns the state as of now. Wait-free.
func (h *Handle) State() messages.State { return h.lease.Load().stateNow() }

// Mode returns who decides the state. Wait-free.
func (h *Handle) Mode() messages.Mode { return h.lease.Load().mode }

// TimeUntilReset returns how long the circuit stays open; 0 unless OPEN. Wait-free.
func (h *Handle) TimeUntilReset() time.Duration {
	l := h.lease.Load()
	if l.state != messages.Open || l.until.IsZero() {
		return 0
	}
	return max(0, time.Until(l.until))
}

// Lease returns the current lease, and whether it admits a call: the circuit is
// CLOSED, no clock is needed, and an error of nil is a success.
func (h *Handle) Lease() (l *Lease, admits bool) {
	l = h.lease.Load()
	return l, l.plain
}

// Admit asks for admission, by the lease where it can. It waits for the owner
// at most until ctx ends. A refusal is a *messages.CircuitOpenError.
func (h *Handle) Admit(ctx context.Context) (messages.Permit, error) {
	l := h.lease.Load()
	switch {
	case l.stopped:
		return messages.Permit{}, messages.ErrShutdown
	case l.state == messages.Closed && !l.timed:
		return l.Permit(), nil
	case l.state == messages.Closed:
		return messages.Permit{Epoch: l.epoch, Started: h.shared.clock()}, nil
	case l.refuses():
		return messages.Permit{}, l.refusal
	}
	p, err := question(ctx, h, &h.shared.calls, messages.Call{})
	if err == nil && h.settings.Load().SlowCall > 0 {
		p.Started = h.shared.clock()
	}
	return p, err
}

// Classify returns what a call that returned err says about the dependency.
func (h *Handle) Classify(err error) messages.Outcome { return h.settings.Load().classify(err) }

// Settle counts the outcome of an admitted call, and returns once that is in. A
// fast success of an ordinary call goes on the tally; all else is asked.
func (h *Handle) Settle(p messages.Permit, outcome messages.Outcome) {
	slow := p.Started != 0 && h.settings.Load().isSlow(h.shared.clock()-p.Started)
	if outcome == messages.Success && !slow && p.Trial == 0 {
		l := h.lease.Load()
		if l.state == messages.Closed && l.epoch == p.Epoch && (l.add() || l.addContended()) {
			return
		}
	}
	// The one error there can be is that the owner is no more, or crashed and
	// logged it: the caller's own result goes on.
	_, _ = question(context.Background(), h, &h.shared.results, messages.Result{Permit: p, Outcome: outcome, Slow: slow})
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
func (h *Handle) Close() { h.owner.IfNone(h.close) }

// close publishes the last lease.
func (h *Handle) close() {
	last := h.lease.Load()
	last.freeze()
	h.lease.Store(stoppedLease(last))
}

// question asks the owner, which the first question spawns, and waits for the
// answer.
func question[Q, A any](ctx context.Context, h *Handle, pool *ask.Pool[Q, A], q Q) (a A, err error) {
	o, err := h.owner.Get(h.spawn)
	if err != nil {
		return a, err
	}
	return pool.Ask(ctx, o.bench.Address, q)
}
