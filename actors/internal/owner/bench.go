// Package owner is the workbench of every owner. It takes over what all of them
// do alike, so that the owner.go of a kind holds what that kind does:
//
//	a message    comes to the owner's Receive: a step, its effects, the answer
//	a step       runs the machine on a copy, which takes its place or is dropped
//	a timer      comes as a messages.Tick, unless it was set anew meanwhile
//	a crash      fails the question at hand, is logged with its stack, and
//	             restarts the owner where the last step left it
//	the end      is the last message
package owner

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/messages"
)

// Owner is what the owners of one kind do. Receive takes one message at a time,
// and ignores those that it does not know. Among them are messages.Tick, when the
// moment has come that Arm was given, Restarted and Stopped.
type Owner interface {
	Receive(message any)
	Host() Host   // where it lives
	Name() string // of the thing
}

// What the workbench itself says to an owner.
type (
	Restarted struct{} // the owner goes on after a crash
	Stopped   struct{} // the owner has stopped: this is the last message
)

// Machine is a pure state machine. CopyFrom makes it equal to another, with which
// it shares no memory that a step changes.
type Machine[M any] interface{ CopyFrom(other M) }

// Question is a message that somebody waits for: a cell of package ask.
type Question interface{ Fail(error) bool }

// Bench is where the owner of one thing works. It outlives the owner's crashes.
// Only the owner uses it, except Address, which does not change once a message
// was sent.
type Bench[M Machine[M]] struct {
	Kind    *messages.Kind
	Machine M                // where the thing stands
	Address messages.Address // where the owner is asked; Spawn sets it

	owner      Owner
	spare      M        // the memory of the next draft
	question   Question // at hand, and not answered yet; nil: none
	timer      *time.Timer
	due        int64  // when the timer fires, in Unix nanoseconds; 0: it is not set
	generation uint64 // of the timer's tick
	random     *rand.Rand
}

// New returns the bench of one thing. The machine and its spare are two of the
// same; nobody else may use them.
func New[M Machine[M]](kind *messages.Kind, machine, spare M) Bench[M] {
	return Bench[M]{Kind: kind, Machine: machine, spare: spare}
}

// Spawn starts the owner, and sets Address; ErrShutdown once Shutdown has begun.
func (b *Bench[M]) Spawn(owner Owner) (err error) {
	b.owner = owner
	b.Address, err = owner.Host().Spawn(*b.Kind, b)
	return err
}

// Receive hands a message to the owner. A question that has no answer when that
// returns is one that the owner keeps.
func (b *Bench[M]) Receive(message any) {
	defer b.crashed()
	switch m := message.(type) {
	case messages.Tick:
		if m.Generation != b.generation {
			return
		}
		b.due = 0
	case Question:
		b.question = m
	}
	b.owner.Receive(message)
	b.question = nil
}

// Restarted goes on after a crash.
func (b *Bench[M]) Restarted() {
	defer b.crashed()
	b.disarm()
	b.owner.Receive(Restarted{})
}

// Stopped is the end.
func (b *Bench[M]) Stopped() {
	b.disarm()
	b.owner.Receive(Stopped{})
}

// String names the owner: "Circuit breaker 'payments'".
func (b *Bench[M]) String() string { return b.Kind.Title + " '" + b.owner.Name() + "'" }

// Draft begins a step: it returns a copy of the machine, to run. A step that
// crashes before its End leaves no trace.
func (b *Bench[M]) Draft() M {
	b.spare.CopyFrom(b.Machine)
	return b.spare
}

// End ends a step: the draft takes the machine's place, or is dropped.
func (b *Bench[M]) End(commit bool) {
	if commit {
		b.Machine, b.spare = b.spare, b.Machine
	}
}

// Question returns the question at hand, unless it has been answered; nil: none.
func (b *Bench[M]) Question() Question { return b.question }

// Fail answers the question at hand with an error, unless it has been answered.
func (b *Bench[M]) Fail(err error) {
	if question := b.question; question != nil {
		b.question = nil
		question.Fail(err)
	}
}

// Answer answers the question at hand, and reports whether the asker was still
// there. No crash fails the question from then on: its cell is another's.
func Answer[M Machine[M], Q, A any](b *Bench[M], c *ask.Cell[Q, A], answer A) bool {
	b.question = nil
	return c.Answer(answer)
}

// Random returns the owner's next random number, in [0, 1).
func (b *Bench[M]) Random() float64 {
	if b.random == nil {
		b.random = b.owner.Host().Random(b.String())
	}
	return b.random.Float64()
}

// Arm sets the timer: a tick comes when it is due; zero: none comes. A tick that
// was to come at another time comes no more.
func (b *Bench[M]) Arm(due, now time.Time) {
	at := int64(0)
	if !due.IsZero() {
		at = due.UnixNano()
	}
	if at == b.due {
		return
	}
	b.disarm()
	if at == 0 {
		return
	}
	b.due = at
	tick, to := messages.Tick{Generation: b.generation}, b.Address
	b.timer = time.AfterFunc(due.Sub(now), func() { to.Send(tick) })
}

// disarm stops the timer; a tick that is on its way is stale from now on.
func (b *Bench[M]) disarm() {
	b.generation++
	b.due = 0
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
}

// Crash is what an owner panics with to be restarted because code of the user's,
// which it ran for the thing, has panicked: the log shows that panic.
type Crash struct {
	Panic any    // what the code panicked with
	Stack string // where
}

// Error returns what the code panicked with, in words.
func (c *Crash) Error() string { return fmt.Sprint(c.Panic) }

// crashed is deferred around each message. It fails the question at hand, logs
// the crash, and lets the panic go on to the supervisor. The goroutine may be a
// caller's, and the log is code of the user's, so another goroutine writes it.
func (b *Bench[M]) crashed() {
	cause := recover()
	if cause == nil {
		return
	}
	b.Fail(fmt.Errorf("%v: %w", b, messages.ErrCrashed))
	shown, stack := cause, ""
	if crash, ok := cause.(*Crash); ok {
		shown, stack = crash.Panic, crash.Stack
	} else {
		stack = string(debug.Stack())
	}
	logger, sentence := b.owner.Host().Logger(), b.String()+" crashed and is restarted"
	b.owner.Host().Go(func() { // ends with the log
		logger.Error(sentence, b.Kind.Name, b.owner.Name(), "panic", fmt.Sprint(shown), "stack", stack)
	})
	panic(cause)
}
