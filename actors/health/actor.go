package health

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/messages"
)

// Host is what a check needs of the system it lives in.
type Host interface {
	// Spawn starts an actor under the supervisor of its kind and returns its address.
	Spawn(kind, name string, produce func() actor.Actor) (interface {
		Send(message any)
		Done() <-chan struct{}
	}, error)
	// Stop ends an actor; its Done is closed when it has ended.
	Stop(owner interface {
		Send(message any)
		Done() <-chan struct{}
	})
	// Emit tells an event to all who listen; it never blocks.
	Emit(e messages.Event)
}

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

// granted tells an owner that its check has got a slot.
type granted struct{}

// state is what outlives a crash of the owner.
type state struct {
	*Handle // what it publishes to

	machine    machine
	asking     []*cell // who waits for a result
	crowd      int     // so many may be asking before those who have left are forgotten
	slot       slot
	timer      *time.Timer
	generation uint64 // of the timer
	started    bool   // once, at least
}

// owner is one incarnation of the actor that owns a check.
type owner struct {
	*state
	self func(message any) // sends to this actor
	cell *cell             // the question at hand, until it is settled
}

func produce(s *state) func() actor.Actor {
	return func() actor.Actor { return &owner{state: s} }
}

// Receive hands each message to the machine and carries out what it says.
func (o *owner) Receive(c actor.Context) {
	defer o.rescue()
	switch msg := c.Message().(type) {
	case *actor.Started:
		root, self := c.ActorSystem().Root, c.Self()
		o.self = func(message any) { o.runner.ifAlive(func() { root.Send(self, message) }) }
		o.begin()
	case *actor.Restarting:
		o.disarm()
	case *actor.Stopped:
		o.disarm()
		o.shared.slots.release(&o.slot)
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

// begin starts the first run, or goes on after a crash.
func (o *owner) begin() {
	o.slot.wake = func() { o.self(granted{}) }
	if !o.started {
		o.started = true
		o.carry(o.machine.begin())
		return
	}
	o.revive()
	o.carry(o.machine.restart(o.runner.running()))
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
