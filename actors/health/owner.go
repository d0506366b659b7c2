package health

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/messages"
)

// Host is what a check needs of the system it lives in.
type Host interface {
	Spawn(kind messages.Kind, owner messages.Actor) (messages.Address, error)
	Stop(owner messages.Address)
	Emit(e messages.Event)
}

// kind is what the runtime knows of the owners of checks.
var kind = messages.Kind{Name: "check", Title: "Health check", FirstPause: time.Second, MaxPause: time.Minute}

// Crash is what the owner of a check that panicked panics with, on purpose:
// its supervisor restarts it, and the restart runs the check again.
type Crash struct {
	Name    string // of the check
	Message string // "panicked: ..."
	Stack   string // where the check panicked
}

// Error names the check and what it panicked with.
func (c *Crash) Error() string { return "Health check '" + c.Name + "' " + c.Message }

type cell = ask.Cell[messages.RunNow, Result]

// begin is the first message to an owner; granted tells it that its check has
// got a slot.
type (
	begin   struct{}
	granted struct{}
)

// state is what outlives a crash of the owner.
type state struct {
	*Handle // what it publishes to

	machine    machine
	asking     []*cell // who waits for a result
	crowd      int     // so many may be asking before those who have left are forgotten
	slot       slot
	timer      *time.Timer
	generation uint64 // of the timer
}

// owner is the actor that owns a check.
type owner struct {
	*state
	cell *cell // the question at hand, until it is settled
}

// self sends to this actor.
func (o *owner) self(message any) { alive{o.Handle}.Send(message) }

// Restarted goes on where the crash was.
func (o *owner) Restarted() {
	defer o.rescue()
	o.disarm()
	o.revive()
	o.carry(o.machine.restart(o.runner.running()))
}

// Stopped gives back what the check holds.
func (o *owner) Stopped() {
	o.disarm()
	o.shared.slots.release(&o.slot)
}

func (o *owner) String() string { return "Health check '" + o.name + "'" }

// Receive hands each message to the machine and carries out what it says.
func (o *owner) Receive(message any) {
	defer o.rescue()
	switch msg := message.(type) {
	case begin:
		o.carry(o.machine.begin())
	case *cell:
		o.cell = msg
		o.queue(msg)
		o.carry(o.machine.call(time.Now()))
		o.cell = nil
	case messages.RunResult:
		o.carryResult(msg)
	case granted:
		if o.machine.phase == waiting {
			o.acquire(time.Now())
		}
	case messages.Tick:
		if msg.Generation == o.generation {
			o.carry(o.machine.tick(time.Now()))
		}
	}
}

// queue lets one more wait for a result. Those who have left are forgotten now
// and then, so that a check that hangs holds twice as many as wait, at most.
func (o *owner) queue(c *cell) {
	if len(o.asking) >= o.crowd {
		o.asking = slices.DeleteFunc(o.asking, func(c *cell) bool { return c.Left() && !c.Fail(context.Canceled) })
		o.crowd = max(64, 2*len(o.asking))
	}
	o.asking = append(o.asking, c)
}

func (o *owner) carryResult(r messages.RunResult) {
	e := o.machine.result(r)
	o.carry(e)
	if e.crash != "" {
		crash := &Crash{Name: o.name, Message: e.crash, Stack: r.Stack}
		o.crash()
		panic(crash)
	}
}

// carry carries out the effects of one step: publish, reply, arm the timer,
// run, emit.
func (o *owner) carry(e effects) {
	now := time.Now()
	if e.publish {
		o.publish(o.machine.view(now))
	}
	if e.answer {
		o.reply(now)
	}
	if e.release {
		o.shared.slots.release(&o.slot)
	}
	if e.start != 0 {
		o.runner.start(e.start, func(r messages.RunResult) { o.self(r) })
	}
	o.arm(now)
	o.emit(e, now)
	if e.acquire {
		o.acquire(now)
	}
}

// acquire gets a slot for the run that waits, at once or in line, unless a
// check that this one depends on is UNHEALTHY.
func (o *owner) acquire(now time.Time) {
	switch {
	case o.blockedBy(now) != nil:
		o.shared.slots.release(&o.slot)
		o.carry(o.machine.blocked(now))
	case o.shared.slots.acquire(&o.slot):
		o.carry(o.machine.granted(now))
	}
}

func (o *owner) reply(now time.Time) {
	asking := o.asking
	o.asking, o.cell = nil, nil
	r := o.Result(now)
	for _, c := range asking {
		c.Answer(r)
	}
}

func (o *owner) emit(e effects, now time.Time) {
	last := o.machine.last
	if e.changed {
		c := o.machine.changes[len(o.machine.changes)-1]
		flapping := !now.After(flapsUntil(o.machine.changes, o.cfg.Interval))
		if flapping {
			c.Message += " (flapping)"
		}
		o.shared.host.Emit(messages.CheckChanged{
			Name: o.name, From: e.from, To: c.To, Message: c.Message, At: now,
			Lasted: c.Lasted, Failures: c.Failures, Flapping: flapping,
		})
	}
	if e.restarted {
		o.shared.host.Emit(messages.CheckRestarted{Name: o.name, Restarts: last.Restarts, Reason: last.Message, At: now})
	}
}

// arm makes the machine's next tick come; an earlier one becomes stale.
func (o *owner) arm(now time.Time) {
	o.disarm()
	at := o.machine.wake()
	if at.IsZero() {
		return
	}
	tick, self := messages.Tick{Generation: o.generation}, o.self
	o.timer = time.AfterFunc(at.Sub(now), func() { self(tick) })
}

func (o *owner) disarm() {
	o.generation++
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
}

// rescue sees to it that whoever asked gets an error when the owner crashes
// on the question, and lets the panic go on to the supervisor.
func (o *owner) rescue() {
	p := recover()
	if p == nil {
		return
	}
	if c := o.cell; c != nil {
		o.cell = nil
		o.asking = slices.DeleteFunc(o.asking, func(a *cell) bool { return a == c })
		c.Fail(messages.ErrCrashed)
	}
	panic(p)
}

func draw() float64 { return rand.Float64() }
