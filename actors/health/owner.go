package health

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// kind is the kind of the owners of checks.
var kind = messages.Kind{Name: "check", Title: "Health check", FirstPause: time.Second, MaxPause: time.Minute}

type runCell = ask.Cell[messages.RunNow, Result]

// The messages that an owner and its slot send to the owner.
type (
	begin       struct{} // the first message
	slotGranted struct{} // a slot is free for the check, which waited for it
)

// ownerState is the owner of one check. A crash does not replace it.
type ownerState struct {
	bench   owner.Bench[*machine]
	h       *Handle
	asking  []*runCell // the questions that wait for a result, except the current one
	pruneAt int        // at this length of asking, abandoned questions are removed
	slot    slot
	unseen  atomic.Pointer[messages.RunResult] // of a run that panicked, until the owner receives it
}

// spawn starts the owner of h, which must have none, and the first run.
func (h *Handle) spawn(m *machine) error {
	o := &ownerState{h: h, bench: owner.New(&kind, m, &machine{})}
	o.slot.wake = func() { o.bench.Address.Send(slotGranted{}) }
	if err := o.bench.Spawn(o); err != nil {
		return err
	}
	h.owner, o.bench.Address = o.bench.Address, alive{h}
	o.bench.Address.Send(begin{})
	return nil
}

// Host returns the runtime of the owner.
func (o *ownerState) Host() owner.Host { return o.h.shared.host }

// Name returns the name of the check.
func (o *ownerState) Name() string { return o.h.name }

// Receive handles one message: it takes a step of the machine and carries out the
// effects.
func (o *ownerState) Receive(message any) {
	now := time.Now()
	switch m := message.(type) {
	case begin:
		o.step(now, (*machine).begin)
	case *runCell:
		o.step(now, func(b *machine) effects { return b.call(now) })
		if o.bench.Question() != nil {
			o.keep(m)
		}
	case slotGranted:
		if o.bench.Machine.phase == waiting {
			o.acquire(now)
		}
	case messages.RunResult:
		o.unseen.Store(nil)
		if e := o.step(now, func(b *machine) effects { return b.result(m) }); e.crash {
			o.h.crash()
			panic(&owner.Crash{Panic: m.Message, Stack: m.Stack})
		}
	case messages.Tick:
		o.step(now, func(b *machine) effects { return b.tick(now) })
	case owner.Restarted:
		o.h.revive()
		o.step(now, func(b *machine) effects { return b.restart(o.h.runner.running()) })
	case owner.Stopped:
		o.h.Cancel(messages.ErrShutdown) // if it is not the end that Stop has begun
		o.h.shared.semaphore.release(&o.slot)
		o.logUnseen()
	}
}

// step takes one step of the machine and carries out its effects: publish, answer,
// release the slot, start a run, arm the timer, emit, acquire a slot.
func (o *ownerState) step(now time.Time, input func(*machine) effects) effects {
	e := input(o.bench.Draft())
	o.bench.End(true)
	if e.publish {
		o.h.publish(o.bench.Machine.view(now))
	}
	if e.answer {
		o.answer(now)
	}
	if e.release {
		o.h.shared.semaphore.release(&o.slot)
	}
	if e.start != 0 {
		o.h.runner.start(e.start, o.report)
	}
	o.bench.Arm(o.bench.Machine.wake(), now)
	o.emit(e, now)
	if e.acquire {
		o.acquire(now)
	}
	return e
}

// report sends the result of a run to the owner. The goroutine of the run calls it.
func (o *ownerState) report(r messages.RunResult) {
	if r.Panicked {
		o.unseen.Store(&r)
	}
	if !o.h.runner.ifAlive(func() { o.h.owner.Send(r) }) {
		o.logUnseen()
	}
}

// logUnseen logs the panic of a run whose result the owner will not receive. The
// crash of the owner logs any other.
func (o *ownerState) logUnseen() {
	r := o.unseen.Swap(nil)
	if r == nil {
		return
	}
	logger, sentence := o.Host().Logger(), o.bench.String()+" panicked after its end"
	o.Host().Go(func() { // ends with the log
		logger.Error(sentence, kind.Name, o.h.name, "panic", r.Message, "stack", r.Stack)
	})
}

// acquire acquires a slot for the pending run. If none is free the slot sends
// slotGranted later. If a check that this one depends on is UNHEALTHY, the run is
// postponed instead.
func (o *ownerState) acquire(now time.Time) {
	switch {
	case o.h.blockedBy(now) != nil:
		o.h.shared.semaphore.release(&o.slot)
		o.step(now, func(b *machine) effects { return b.blocked(now) })
	case o.h.shared.semaphore.acquire(&o.slot):
		random := o.bench.Random()
		o.step(now, func(b *machine) effects { return b.granted(now, random) })
	}
}

// keep keeps a question until there is a result. Abandoned questions are removed
// from time to time, so that a hung check holds at most twice as many as wait, or
// 64.
func (o *ownerState) keep(c *runCell) {
	if len(o.asking) >= o.pruneAt {
		o.asking = slices.DeleteFunc(o.asking, func(c *runCell) bool { return c.Left() && !c.Fail(context.Canceled) })
		o.pruneAt = max(64, 2*len(o.asking))
	}
	o.asking = append(o.asking, c)
}

// answer answers all questions with the last result.
func (o *ownerState) answer(now time.Time) {
	r := o.h.Result(now)
	if c, ok := o.bench.Question().(*runCell); ok {
		owner.Answer(&o.bench, c, r)
	}
	asking := o.asking
	o.asking = nil
	for _, c := range asking {
		c.Answer(r)
	}
}

func (o *ownerState) emit(e effects, now time.Time) {
	m := o.bench.Machine
	if e.changed {
		c := m.changes[len(m.changes)-1]
		flapping := !now.After(flapsUntil(m.changes, m.cfg.Interval))
		if flapping {
			c.Message += " (flapping)"
		}
		o.Host().Emit(messages.CheckChanged{
			Name: o.h.name, From: e.from, To: c.To, Message: c.Message, At: c.At,
			Lasted: c.Lasted, Failures: c.Failures, Flapping: flapping,
		})
	}
	if e.restarted {
		o.Host().Emit(messages.CheckRestarted{Name: o.h.name, Restarts: m.last.Restarts, Reason: m.last.Message, At: now})
	}
}
