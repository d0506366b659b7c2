package breaker

import (
	"errors"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// kind is the kind of the owners of breakers.
var kind = owner.InPlace("breaker", "Circuit breaker")

// The questions that an owner answers.
type (
	callCell      = ask.Cell[messages.Call, messages.Permit]
	resultCell    = ask.Cell[messages.Result, bool]
	statsCell     = ask.Cell[struct{}, messages.BreakerStats]
	controlCell   = ask.Cell[messages.Control, struct{}]
	configureCell = ask.Cell[*Config, struct{}]
)

// ownerState is the owner of one breaker. A crash does not replace it.
type ownerState struct {
	bench  owner.Bench[*machine]
	h      *Handle
	prober *prober // nil: no probe has run
}

// spawn starts the owner of h, which must have none.
func (h *Handle) spawn() (*ownerState, error) {
	m := newMachine(h.lease.Load().cfg)
	m.observed = h.shared.OnCall != nil
	o := &ownerState{h: h, bench: owner.New(&kind, &m, &machine{})}
	err := o.bench.Spawn(o)
	if errors.Is(err, messages.ErrShutdown) {
		h.close()
	}
	return o, err
}

// Host returns the runtime of the owner.
func (o *ownerState) Host() owner.Host { return o.h.shared.Host }

// Name returns the name of the breaker.
func (o *ownerState) Name() string { return o.h.name }

// Receive handles one message: it takes a step of the machine, carries out the
// effects, and then answers, so that a caller that has the answer sees the effects.
func (o *ownerState) Receive(message any) {
	switch m := message.(type) {
	case *callCell:
		o.admit(m)
	case *resultCell:
		accepted := o.bench.Machine.accepts(&m.Question)
		if accepted {
			o.step(func(b *machine, now time.Time) effects { return b.result(now, &m.Question) })
		}
		owner.Answer(&o.bench, m, accepted)
	case *statsCell:
		var s messages.BreakerStats
		o.step(func(b *machine, now time.Time) (e effects) { s, e = b.stats(now); return e })
		s.Name = o.h.name
		owner.Answer(&o.bench, m, s)
	case *controlCell:
		o.step((*machine).tick) // what is due comes first, and emits its own event
		o.step(func(b *machine, now time.Time) effects { return b.control(now, m.Question) })
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

// admit admits or refuses a call. A caller that no longer waits for the answer is not
// counted.
func (o *ownerState) admit(m *callCell) {
	var p messages.Permit
	admitted, waited := false, false
	o.step(func(b *machine, now time.Time) (e effects) {
		p, admitted, e = b.call(now, m.Question)
		return e
	})
	if admitted {
		waited = owner.Answer(&o.bench, m, p)
	} else {
		waited = o.bench.Fail(o.h.lease.Load().refusal)
	}
	if !waited {
		o.step(func(b *machine, _ time.Time) effects { return b.left(p, admitted) })
	}
}

// step freezes the lease, takes one step of the machine, and carries out its
// effects: publish, arm the timer, emit, run the probe. A step that crashes, or is
// idle, is dropped, and the lease is thawed with its count.
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
	was, m := o.bench.Machine.settings, o.bench.Draft()
	m.credit(count)
	e := input(m, now)
	o.bench.End(!e.idle)
	if e.idle {
		return
	}
	committed = true
	o.publish(last, wasLent, was, now, e.cause())
	o.arm(now)
	if e.changed {
		e.change.Name, e.change.At = o.h.name, time.Now()
		o.Host().Emit(*e.change)
	}
	if e.unanswered != nil {
		e.unanswered.Name, e.unanswered.At = o.h.name, time.Now()
		o.Host().Emit(*e.unanswered)
	}
	o.ask(e.ask)
}

// publish publishes the state after a step. If callers would see no difference, it
// thaws the last lease instead. was is the number of the settings before the step,
// cause the failure that has opened the circuit in it.
func (o *ownerState) publish(last *Lease, wasLent bool, was uint64, now time.Time, cause error) {
	m := o.bench.Machine
	if m.settings == was && wasLent && m.leases() && last.stillShows(m, now) {
		last.thaw(0)
		return
	}
	o.h.lease.Store(newLease(o.h.name, m, last, now, cause))
}

// now returns the current time, derived from a start time: it reads one clock where
// time.Now reads two, and a change of the wall clock does not affect it.
func (o *ownerState) now() time.Time {
	born := o.h.shared.born
	return born.Add(time.Since(born))
}

// arm sets the timer for the next tick of the machine.
func (o *ownerState) arm(now time.Time) { o.bench.Arm(o.bench.Machine.wake(now), now) }
