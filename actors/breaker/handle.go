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

// Handle is what callers use of a breaker. Its owner is spawned by the first
// message. It is safe for concurrent use.
type Handle struct {
	lease    atomic.Pointer[Lease]
	settings atomic.Pointer[Config]
	owner    owner.Once[ownerState]
	shared   *Shared
	name     string
}

// Shared is what the breakers of one system share: the runtime of their owners, and
// the pools of questions to them.
type Shared struct {
	Host owner.Host
	born time.Time              // the start of clock
	last atomic.Pointer[Config] // the settings of the last breaker that was made
	// Probe runs the health check of that name, which is the Config.Probe of a breaker. It returns the status of that
	// run and its message; Unknown if there is no such check. It must return soon after ctx ends. If it is nil, there
	// are no health checks.
	Probe func(ctx context.Context, check string) (messages.Status, string)

	calls      ask.Pool[messages.Call, messages.Permit]
	results    ask.Pool[messages.Result, struct{}]
	stats      ask.Pool[struct{}, messages.BreakerStats]
	controls   ask.Pool[messages.Control, struct{}]
	configures ask.Pool[*Config, struct{}]
}

// NewShared returns what the breakers of the system of host share.
func NewShared(host owner.Host) *Shared { return &Shared{Host: host, born: time.Now()} }

// clock returns the time since born; never 0. It reads one clock, time.Now two.
func (s *Shared) clock() time.Duration { return time.Since(s.born) + 1 }

// Init makes a zero Handle ready to use. cfg must be a result of Normalize.
func (h *Handle) Init(shared *Shared, name string, cfg Config) {
	h.shared, h.name = shared, name
	settings := shared.settings(cfg)
	h.settings.Store(settings)
	m := newMachine(settings)
	h.lease.Store(newLease(name, &m, nil, time.Time{}))
}

// settings returns cfg on the heap. Breakers that are made with the same settings,
// one after the other, share them.
func (s *Shared) settings(cfg Config) *Config {
	if last := s.last.Load(); last != nil && len(cfg.Excluded) == 0 && cfg.Classify == nil && reflect.DeepEqual(*last, cfg) {
		return last
	}
	s.last.Store(&cfg)
	return &cfg
}

// Name returns the breaker's name.
func (h *Handle) Name() string { return h.name }

// Config returns the current settings, defaults filled in. The caller may modify
// the result.
func (h *Handle) Config() Config {
	cfg := *h.settings.Load()
	cfg.Excluded = slices.Clone(cfg.Excluded)
	return cfg
}

// State returns the state as of now. It never blocks.
func (h *Handle) State() messages.State { return h.lease.Load().stateNow() }

// Mode returns the mode. It never blocks.
func (h *Handle) Mode() messages.Mode { return h.lease.Load().mode }

// TimeUntilReset returns the time from now until trials begin; 0 unless OPEN. It
// never blocks.
func (h *Handle) TimeUntilReset() time.Duration {
	l := h.lease.Load()
	if l.state != messages.Open || l.until.IsZero() {
		return 0
	}
	return max(0, time.Until(l.until))
}

// Lease returns the current lease, and whether it admits a call without more: the
// circuit is CLOSED, slow calls do not matter, and there is no Classify.
func (h *Handle) Lease() (l *Lease, admits bool) {
	l = h.lease.Load()
	return l, l.plain
}

// Admit admits or refuses a call. A refusal is a *messages.CircuitOpenError. If the
// lease does not decide, Admit asks the owner; if ctx ends before the answer, it
// returns the error of ctx. Other errors are ErrShutdown and ErrCrashed.
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

// Classify returns the outcome of a call that returned err.
func (h *Handle) Classify(err error) messages.Outcome { return h.settings.Load().classify(err) }

// Settle counts the outcome of an admitted call, and returns when it is counted. A
// success of an ordinary call that is not slow is counted on the lease; any other
// outcome is sent to the owner.
func (h *Handle) Settle(p messages.Permit, outcome messages.Outcome) {
	slow := p.Started != 0 && h.settings.Load().isSlow(h.shared.clock()-p.Started)
	if outcome == messages.Success && !slow && p.Trial == 0 {
		l := h.lease.Load()
		if l.state == messages.Closed && l.epoch == p.Epoch && (l.add() || l.addContended()) {
			return
		}
	}
	// The only errors are that the owner has stopped, or has crashed, which is
	// logged. Neither changes the result of the call, so they are ignored.
	_, _ = question(context.Background(), h, &h.shared.results, messages.Result{Permit: p, Outcome: outcome, Slow: slow})
}

// Stats returns the counts, all as of the same moment. The errors are ErrShutdown
// and ErrCrashed.
func (h *Handle) Stats() (messages.BreakerStats, error) {
	return question(context.Background(), h, &h.shared.stats, struct{}{})
}

// Order carries out an operator's order, and returns when callers see its effect.
// The errors are ErrShutdown and ErrCrashed.
func (h *Handle) Order(order messages.Order) error {
	_, err := question(context.Background(), h, &h.shared.controls, messages.Control{Order: order})
	return err
}

// Configure replaces the settings, and returns when callers see them. If a setting
// is bad it returns a *messages.ConfigError and changes nothing. Other errors are
// ErrShutdown and ErrCrashed.
func (h *Handle) Configure(cfg Config) error {
	cfg, err := cfg.Normalize(h.name)
	if err != nil {
		return err
	}
	_, err = question(context.Background(), h, &h.shared.configures, &cfg)
	return err
}

// Close closes a handle that has no owner. An owner closes its handle when it stops.
// A closed handle returns ErrShutdown.
func (h *Handle) Close() { h.owner.IfNone(h.close) }

// close publishes the last lease, which admits no call.
func (h *Handle) close() {
	last := h.lease.Load()
	last.freeze()
	h.lease.Store(stoppedLease(last))
}

// question sends a question to the owner and waits for the answer. The first one
// spawns the owner.
func question[Q, A any](ctx context.Context, h *Handle, pool *ask.Pool[Q, A], q Q) (a A, err error) {
	o, err := h.owner.Get(h.spawn)
	if err != nil {
		return a, err
	}
	return pool.Ask(ctx, o.bench.Address, q)
}
