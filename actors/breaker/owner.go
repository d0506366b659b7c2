package breaker

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/messages"
)

// Host is where owners live.
type Host interface {
	Spawn(kind messages.Kind, owner messages.Actor) (messages.Address, error)
	Emit(messages.Event)
	Logger() *slog.Logger
	Go(fn func()) // runs fn in a goroutine of its own; the end of the system waits for it
	Closing() <-chan struct{}
}

// kind is what the runtime knows of the owners of breakers.
var kind = messages.Kind{
	Name: "breaker", Title: "Circuit breaker", FreeRestarts: 5, FirstPause: 10 * time.Millisecond, MaxPause: time.Second, InPlace: true,
}

// The questions an owner answers, each in a cell of its own.
type (
	callCell      = ask.Cell[messages.Call, messages.Permit]
	resultCell    = ask.Cell[messages.Result, struct{}]
	statsCell     = ask.Cell[struct{}, messages.BreakerStats]
	controlCell   = ask.Cell[messages.Control, struct{}]
	configureCell = ask.Cell[*Config, struct{}]
)

// core is what an owner owns. It lives outside the actor, so that the next
// incarnation goes on where a crash left it: a step works on a copy and is
// committed whole, or not at all.
type core struct {
	h        *Handle
	current  *machine // where the breaker stands
	spare    *machine // the copy that the step under way works on
	timer    *time.Timer
	timerFor uint64 // the generation of the timer's tick
	due      time.Time
	prober   *prober // nil: no probe has been asked
}

// owner is the actor that owns a breaker.
type owner struct{ *core }

// spawn makes the owner of h, which must not have one.
func spawn(h *Handle) (messages.Address, error) {
	current, spare := newMachine(h.settings.Load()), machine{}
	c := &core{h: h, current: &current, spare: &spare}
	return h.shared.Host.Spawn(kind, &owner{c})
}

func (o *owner) String() string { return "Circuit breaker '" + o.h.name + "'" }

// Restarted goes on where the crash was.
func (o *owner) Restarted() {
	o.disarm()
	o.arm(o.now())
}

// Stopped closes the handle.
func (o *owner) Stopped() {
	o.disarm()
	o.prober.stop()
	o.h.close()
}

// Receive takes one message: a step of the machine, then its effects.
func (o *owner) Receive(message any) {
	switch m := message.(type) {
	case *callCell:
		o.answerCall(m)
	case *resultCell:
		defer o.crashed(m.Fail)
		o.step(func(b *machine, now time.Time) effects { return b.result(now, m.Question) })
		m.Answer(struct{}{})
	case *statsCell:
		defer o.crashed(m.Fail)
		var s messages.BreakerStats
		o.step(func(b *machine, now time.Time) (e effects) { s, e = b.stats(now); return e })
		s.Name = o.h.name
		m.Answer(s)
	case *controlCell:
		defer o.crashed(m.Fail)
		o.step((*machine).tick) // what is due comes before the order, and is told apart from it
		o.step(func(b *machine, now time.Time) effects { return b.control(now, m.Question.Order) })
		m.Answer(struct{}{})
	case *configureCell:
		defer o.crashed(m.Fail)
		o.step(func(b *machine, now time.Time) effects { return b.configure(now, m.Question) })
		m.Answer(struct{}{})
	case messages.Probed:
		o.answered(m)
	case messages.Tick:
		if m.Generation == o.timerFor {
			defer o.crashed(nil)
			o.due = time.Time{}
			o.step((*machine).tick)
		}
	}
}

// answerCall admits or refuses. A caller that has gone meanwhile gives its
// trial back at once.
func (o *owner) answerCall(m *callCell) {
	p, admitted := o.admit(m)
	switch {
	case !admitted:
		m.Fail(o.h.lease.Load().refusal)
	case !m.Answer(p) && p.Trial != 0:
		defer o.crashed(nil)
		back := messages.Result{Permit: p, Outcome: messages.Ignored}
		o.step(func(b *machine, now time.Time) effects { return b.result(now, back) })
	}
}

func (o *owner) admit(m *callCell) (p messages.Permit, admitted bool) {
	defer o.crashed(m.Fail)
	o.step(func(b *machine, now time.Time) (e effects) {
		p, admitted, e = b.call(now)
		return e
	})
	return p, admitted
}

// step freezes the lease, runs the machine on a copy, commits it, and carries
// out the effects: publish, arm the timer, emit. The asker is answered after
// the step: whoever has the answer sees its effects. A step that crashes, or
// that is idle, leaves no trace.
func (o *owner) step(input func(*machine, time.Time) effects) {
	last := o.h.lease.Load()
	count, wasLent := last.freeze()
	committed := false
	defer func() {
		if !committed && wasLent {
			last.thaw(count)
		}
	}()
	now := o.now()
	o.spare.copyFrom(o.current)
	o.spare.credit(count)
	e := input(o.spare, now)
	if e.idle {
		return
	}
	was := o.current
	o.current, o.spare = o.spare, was
	committed = true
	o.publish(last, wasLent, was, now)
	o.arm(now)
	if e.changed {
		e.change.Name, e.change.At = o.h.name, time.Now()
		o.h.shared.Host.Emit(e.change)
	}
	if e.unanswered != nil {
		e.unanswered.Name, e.unanswered.At = o.h.name, time.Now()
		o.h.shared.Host.Emit(*e.unanswered)
	}
	o.ask(e.ask)
}

// publish shows callers where the breaker stands after a step. The last lease is
// lent again if they would see no difference.
func (o *owner) publish(last *Lease, wasLent bool, was *machine, now time.Time) {
	sameSettings := o.current.cfg == was.cfg
	if sameSettings && wasLent && o.current.leases() && last.stillShows(o.current, now) {
		last.thaw(0)
		return
	}
	if !sameSettings {
		o.h.settings.Store(o.current.cfg)
	}
	o.h.lease.Store(newLease(o.h.name, o.current, last, now))
}

// now counts from a moment long ago: that reads one clock, where time.Now reads
// two, and nobody can set it.
func (o *core) now() time.Time {
	born := o.h.shared.born
	return born.Add(time.Since(born))
}

// arm sets the timer to when the machine wants its next tick.
func (o *core) arm(now time.Time) {
	due := o.current.wake(now)
	if due.Equal(o.due) {
		return
	}
	o.disarm()
	if due.IsZero() {
		return
	}
	o.due = due
	tick, to := messages.Tick{Generation: o.timerFor}, *o.h.owner.Load()
	o.timer = time.AfterFunc(due.Sub(now), func() { to.Send(tick) })
}

// disarm stops the timer; a tick that is on its way is stale from now on.
func (o *core) disarm() {
	o.timerFor++
	o.due = time.Time{}
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
}

// crashed is deferred around every message, itself and not within another
// function, or it could not recover: it answers the asker, has the stack logged
// and lets the supervisor restart the owner. The log is somebody else's code:
// it is not written in the goroutine of a caller.
func (o *owner) crashed(fail func(error) bool) {
	r := recover()
	if r == nil {
		return
	}
	if fail != nil {
		fail(messages.ErrCrashed)
	}
	logger, stack := o.h.shared.Host.Logger(), string(debug.Stack())
	o.h.shared.Host.Go(func() { // ends with the log
		logger.Error(fmt.Sprintf("Circuit breaker '%s' crashed and is restarted", o.h.name), "panic", fmt.Sprint(r), "stack", stack)
	})
	panic(r)
}
