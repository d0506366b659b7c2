package breaker

import (
	"errors"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// kind is what the runtime knows of the owners of breakers.
var kind = owner.InPlace("breaker", "Circuit breaker")

// The questions an owner answers, each in a cell of its own.
type (
	callCell      = ask.Cell[messages.Call, messages.Permit]
	resultCell    = ask.Cell[messages.Result, struct{}]
	statsCell     = ask.Cell[struct{}, messages.BreakerStats]
	controlCell   = ask.Cell[messages.Control, struct{}]
	configureCell = ask.Cell[*Config, struct{}]
)

// ownerState is the owner of one breaker. It outlives the owner's crashes.
type ownerState struct {
	bench  owner.Bench[*machine]
	h      *Handle
	prober *prober // nil: no probe has been asked
}

// spawn starts the owner of h, which must not have one.
func (h *Handle) spawn() (*ownerState, error) {
	m := newMachine(h.settings.Load())
	o := &ownerState{h: h, bench: owner.New(&kind, &m, &machine{})}
	err := o.bench.Spawn(o)
	if errors.Is(err, messages.ErrShutdown) {
		h.close()
	}
	return o, err
}

// Host returns where the owner lives.
func (o *ownerState) Host() owner.Host { return o.h.shared.Host }

// Name returns the name of the breaker.
func (o *ownerState) Name() string { return o.h.name }

// Receive takes one message: a step of the machine, then its effects. The asker
// is answered after them: a caller that has the answer sees the effects.
func (o *ownerState) Receive(message any) {
	switch m := message.(type) {
	case *callCell:
		o.admit(m)
	case *resultCell:
		o.step(func(b *machine, now time.Time) effects { return b.result(now, m.Question) })
		owner.Answer(&o.bench, m, struct{}{})
	case *statsCell:
		var s messages.BreakerStats
		o.step(func(b *machine, now time.Time) (e effects) { s, e = b.stats(now); return e })
		s.Name = o.h.name
		owner.Answer(&o.bench, m, s)
	case *controlCell:
		o.step((*machine).tick) // what is due comes before the order, and is told apart from it
		o.step(func(b *machine, now time.Time) effects { return b.control(now, m.Question.Order) })
		owner.Answer(&o.bench, m, struct{}{})
	case *configureCell:
		o.step(func(b *machine, now time.Time) effects { return b.configure(now, m.Question) })
		owner.Answer(&o.bench, m, struct{}{})
	case messages.Probed:
		o.step(func(b *machine, now time.Time) effects { return b.probed(now, m) })
	case messages.Tick:
		o.step((*machine).tick)
	case owner.Restarted:
		o.arm(o.now())
	case owner.Stopped:
		o.prober.stop()
		o.h.close()
	}
}

// admit admits or refuses. A caller that has gone meanwhile gives its trial back
// at once.
func (o *ownerState) admit(m *callCell) {
	var p messages.Permit
	admitted := false
	o.step(func(b *machine, now time.Time) (e effects) {
		p, admitted, e = b.call(now)
		return e
	})
	if !admitted {
		o.bench.Fail(o.h.lease.Load().refusal)
		return
	}
	if !owner.Answer(&o.bench, m, p) && p.Trial != 0 {
		back := messages.Result{Permit: p, Outcome: messages.Ignored}
		o.step(func(b *machine, now time.Time) effects { return b.result(now, back) })
	}
}

// step freezes the lease, takes one step of the machine, and carries out its
// effects: publish, arm the timer, emit, ask the probe. A step that crashes, or
// that is idle, leaves no trace.
func (o *ownerState) step(input func(*machine, time.Time) effects) {
	last := o.h.lease.Load()
	count, wasLent := last.freeze()
	committed := false
	defer func() {
		if !committed && wasLent {
			last.thaw(count)
		}
	}()
	now := o.now()
	was, m := o.bench.Machine.cfg, o.bench.Draft()
	m.credit(count)
	e := input(m, now)
	o.bench.End(!e.idle)
	if e.idle {
		return
	}
	committed = true
	o.publish(last, wasLent, was, now)
	o.arm(now)
	if e.changed {
		e.change.Name, e.change.At = o.h.name, time.Now()
		o.Host().Emit(e.change)
	}
	if e.unanswered != nil {
		e.unanswered.Name, e.unanswered.At = o.h.name, time.Now()
		o.Host().Emit(*e.unanswered)
	}
	o.ask(e.ask)
}

// publish shows callers where the breaker stands after a step. The last lease is
// lent again if they would see no difference. The settings were was before.
func (o *ownerState) publish(last *Lease, wasLent bool, was *Config, now time.Time) {
	m := o.bench.Machine
	sameSettings := m.cfg == was
	if sameSettings && wasLent && m.leases() && last.stillShows(m, now) {
		last.thaw(0)
		return
	}
	if !sameSettings {
		o.h.settings.Store(m.cfg)
	}
	o.h.lease.Store(newLease(o.h.name, m, last, now))
}

// now counts from a moment long ago: that reads one clock, where time.Now reads
// two, and nobody can set it.
func (o *ownerState) now() time.Time {
	born := o.h.shared.born
	return born.Add(time.Since(born))
}

// arm lets the next tick come when the machine wants it.
func (o *ownerState) arm(now time.Time) { o.bench.Arm(o.bench.Machine.wake(now), now) }
