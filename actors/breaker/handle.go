package breaker

import (
	"context"
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
	lease  atomic.Pointer[Lease]
	owner  owner.Once[ownerState]
	shared *Shared
	name   string
}

// Init makes a zero Handle ready to use. cfg must be a result of Normalize.
func (h *Handle) Init(shared *Shared, name string, cfg Config) {
	h.shared, h.name = shared, name
	m := newMachine(shared.settings(cfg))
	m.observed = shared.OnCall != nil
	h.lease.Store(newLease(name, &m, nil, time.Time{}, nil))
}

// Name returns the breaker's name.
func (h *Handle) Name() string { return h.name }

// Config returns the current settings, defaults filled in. The caller may modify
// the result.
func (h *Handle) Config() Config {
	cfg := *h.lease.Load().cfg
	cfg.Expected, cfg.Excluded = slices.Clone(cfg.Expected), slices.Clone(cfg.Excluded)
	return cfg
}

// State returns the state as of now. It never blocks.
func (h *Handle) State() messages.State { return h.lease.Load().stateNow() }

// Mode returns the mode. It never blocks.
func (h *Handle) Mode() messages.Mode { return h.lease.Load().mode }

// TimeUntilReset returns the time from now until trials begin; 0 unless OPEN. It
// never blocks.
func (h *Handle) TimeUntilReset() time.Duration {
	if refusal := h.lease.Load().refusal; refusal != nil {
		return refusal.RetryAfter()
	}
	return 0
}

// Lease returns the current lease, and whether it admits a call without more: the
// circuit is CLOSED, callers need not read the clock, and there is no Classify.
func (h *Handle) Lease() (l *Lease, admits bool) {
	l = h.lease.Load()
	return l, l.plain
}

// Admit admits or refuses a call. A refusal is a *messages.CircuitOpenError. If the
// lease does not decide, Admit asks the owner; if ctx ends before the answer, it
// returns the error of ctx. Other errors are ErrShutdown and ErrCrashed.
func (h *Handle) Admit(ctx context.Context) (messages.Permit, error) {
	p, err := h.admit(ctx)
	if _, isRefusal := err.(*messages.CircuitOpenError); isRefusal || err == messages.ErrShutdown {
		h.ReportRefusal(ctx, err)
	}
	return p, err
}

func (h *Handle) admit(ctx context.Context) (messages.Permit, error) {
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
	p, err := question(ctx, h, &h.shared.calls, messages.Call{Within: h.trialOf(ctx)})
	if err == nil && (l.cfg.SlowCall > 0 || h.shared.OnCall != nil) {
		p.Started = h.shared.clock()
	}
	return p, err
}

// trialKey is the key of the permit of a trial of a breaker in the ctx of its call.
type trialKey struct{ of *Handle }

// trialOf returns the permit of the trial that ctx belongs to; zero: none.
func (h *Handle) trialOf(ctx context.Context) messages.Permit {
	p, _ := ctx.Value(trialKey{h}).(messages.Permit)
	return p
}

// Enter returns the ctx of an admitted call.
func (h *Handle) Enter(ctx context.Context, p messages.Permit) context.Context {
	if p.Trial == 0 {
		return ctx
	}
	return context.WithValue(ctx, trialKey{h}, p)
}

// Conclude judges an admitted call that returned err, counts its result before it
// returns, and returns it for Report. ctx is the one that the call was given. If the
// settings are replaced meanwhile, the call is judged again.
func (h *Handle) Conclude(ctx context.Context, p messages.Permit, err error) (r messages.Result) {
	h.judge(&r, ctx, p, err)
	for !h.settle(&r) {
		h.judge(&r, ctx, p, err)
	}
	return r
}

// Judge returns the result of an admitted call that returned err. ctx is the one
// that the call was given. Judge may run the user's Classify.
func (h *Handle) Judge(ctx context.Context, p messages.Permit, err error) (r messages.Result) {
	h.judge(&r, ctx, p, err)
	return r
}

func (h *Handle) judge(r *messages.Result, ctx context.Context, p messages.Permit, err error) {
	l := h.lease.Load()
	r.Permit, r.Settings, r.Err = p, l.settings, err
	if p.Within {
		return
	}
	r.Outcome = l.cfg.judge(ctx, err)
	if p.Started != 0 {
		r.Took = h.shared.clock() - p.Started
		r.Slow = l.cfg.isSlow(r.Took)
	}
	r.RetryAfter = 0
	if r.Outcome == messages.Failure {
		r.RetryAfter = messages.MarksOf(err).RetryAfter
	}
}

// Settle counts the result of an admitted call, and returns when it is counted. A
// success of an ordinary call that is not slow is counted on the lease; any other
// result is sent to the owner. If Settle returns false, nothing is counted, because
// the settings that judged the call have been replaced: Judge it again.
func (h *Handle) Settle(r messages.Result) bool { return h.settle(&r) }

func (h *Handle) settle(r *messages.Result) bool {
	if r.Permit.Within {
		return true
	}
	if r.Took == 0 && r.Permit.Started != 0 { // not judged: it panicked, or was cancelled
		r.Took = h.shared.clock() - r.Permit.Started
	}
	if r.Outcome == messages.Success && !r.Slow && r.Permit.Trial == 0 {
		l := h.lease.Load()
		if l.state == messages.Closed && l.epoch == r.Permit.Epoch && l.settings == r.Settings && (l.add() || l.addContended()) {
			return true
		}
	}
	// The only errors are that the owner has stopped, or has crashed, which is
	// logged. Neither changes the result of the call, so they are ignored.
	counted, err := question(context.Background(), h, &h.shared.results, *r)
	return counted || err != nil
}

// Report reports the end of a call, which Settle has counted, to OnCall.
func (h *Handle) Report(ctx context.Context, r messages.Result) {
	if h.shared.OnCall == nil || r.Permit.Within {
		return
	}
	end := messages.CallEnd{Kind: kind.Name, Name: h.name, Outcome: r.Outcome, Duration: r.Took, Err: r.Err}
	if r.Took == 0 && r.Permit.Started != 0 { // a panic, or Cancel
		end.Duration = h.shared.clock() - r.Permit.Started
	}
	h.shared.OnCall(ctx, end)
}

// ReportRefusal reports that a call was refused with err to OnCall.
func (h *Handle) ReportRefusal(ctx context.Context, err error) {
	if h.shared.OnCall != nil {
		h.shared.OnCall(ctx, messages.CallEnd{Kind: kind.Name, Name: h.name, Outcome: messages.Ignored, Refused: true, Err: err})
	}
}

// Stats returns the counts, all as of the same moment. Those of a breaker that has
// no owner are read from the lease. The errors are ErrShutdown and ErrCrashed.
func (h *Handle) Stats() (messages.BreakerStats, error) {
	l := h.lease.Load()
	successes, known := l.count() // before Load: if there is no owner then, nobody has taken the count
	if known && h.owner.Load() == nil && !l.stopped {
		return messages.BreakerStats{Name: h.name, Successes: successes}, nil
	}
	return question(context.Background(), h, &h.shared.stats, struct{}{})
}

// Control carries out an operator's order, and returns when callers see its effect.
// The errors are ErrShutdown and ErrCrashed.
func (h *Handle) Control(c messages.Control) error {
	_, err := question(context.Background(), h, &h.shared.controls, c)
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
// spawns the owner. After the end of the system nobody is asked.
func question[Q, A any](ctx context.Context, h *Handle, pool *ask.Pool[Q, A], q Q) (a A, err error) {
	if h.lease.Load().stopped {
		return a, messages.ErrShutdown
	}
	o, err := h.owner.Get(h.spawn)
	if err != nil {
		return a, err
	}
	return pool.Ask(ctx, o.bench.Address, q)
}
