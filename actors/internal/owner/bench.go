// Package owner is the workbench of every owner. It holds what all kinds of owners
// have in common, so that the owner.go of a kind holds only what differs:
//
//	a message    is passed to the owner's Receive: a step, its effects, the answer
//	a step       runs on a copy of the machine, which replaces it or is dropped
//	a timer      is reported by a messages.Tick, unless it was set again or stopped
//	a crash      fails the current question, is logged with its stack, and restarts
//	             the owner with the machine as the last step left it
//	the end      is reported by the last message, Stopped
package owner

import (
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/messages"
)

// Owner is what differs between the kinds of owners.
type Owner interface {
	// Receive handles one message, and ignores messages that it does not know.
	// Besides the messages of its kind these are messages.Tick, when the timer
	// of Arm has fired, Restarted and Stopped.
	Receive(message any)
	// Host returns the runtime of the owner.
	Host() Host
	// Name returns the name of the breaker, policy or check that is owned.
	Name() string
}

// The messages of the workbench to an owner.
type (
	Restarted struct{} // the owner was restarted after a crash
	Stopped   struct{} // the owner has stopped: this is its last message
)

// Machine is a pure state machine. CopyFrom makes it equal to another. The two
// share no memory that a step changes.
type Machine[M any] interface{ CopyFrom(other M) }

// Question is a message whose sender waits for an answer: a cell of package ask.
type Question interface{ Fail(error) bool }

// Bench is the workbench of one owner. A crash of the owner does not replace it.
// Only the owner uses it, except Address, which does not change once the first
// message is sent.
type Bench[M Machine[M]] struct {
	Kind    *messages.Kind
	Machine M                // the state, as of the last step
	Address messages.Address // of the owner; Spawn sets it

	owner      Owner
	spare      M        // the memory for the next draft
	question   Question // the current one, not answered yet; nil: none
	timer      *time.Timer
	due        int64  // when the timer fires, in Unix nanoseconds; 0: it is not set
	generation uint64 // of the timer's Tick
	random     *rand.Rand
	ended      bool // Stopped was called
}

// New returns the workbench of one owner. The machine and its spare are of the
// same type. Only the workbench may use them afterwards.
func New[M Machine[M]](kind *messages.Kind, machine, spare M) Bench[M] {
	return Bench[M]{Kind: kind, Machine: machine, spare: spare}
}

// Spawn starts the owner and sets Address. Once Shutdown has begun it returns
// ErrShutdown.
func (b *Bench[M]) Spawn(owner Owner) (err error) {
	b.owner = owner
	b.Address, err = owner.Host().Spawn(*b.Kind, b)
	return err
}

// Receive passes a message to the owner. If the owner returns without an answer to
// a question, it keeps the question and must answer it later. After Stopped a
// question fails with ErrShutdown, and any other message is lost.
func (b *Bench[M]) Receive(message any) {
	if b.ended {
		if question, ok := message.(Question); ok {
			question.Fail(messages.ErrShutdown)
		}
		return
	}
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

// Restarted stops the timer and passes Restarted to the owner. A stopped owner is
// not restarted: the supervisor may have sent the restart before it learned of the
// stop.
func (b *Bench[M]) Restarted() {
	if b.ended {
		return
	}
	defer b.crashed()
	b.disarm()
	b.owner.Receive(Restarted{})
}

// Stopped stops the timer and passes Stopped to the owner. From then on the owner
// receives nothing.
func (b *Bench[M]) Stopped() {
	if b.ended {
		return
	}
	b.ended = true
	b.disarm()
	b.owner.Receive(Stopped{})
}

// String names the owner: "Circuit breaker 'payments'".
func (b *Bench[M]) String() string { return b.Kind.Title + " '" + b.owner.Name() + "'" }

// Draft begins a step: it returns a copy of the machine, on which the step runs.
// If the owner crashes before End, Machine is unchanged.
func (b *Bench[M]) Draft() M {
	b.spare.CopyFrom(b.Machine)
	return b.spare
}

// End ends a step: the draft replaces Machine if commit is true, else it is
// dropped.
func (b *Bench[M]) End(commit bool) {
	if commit {
		b.Machine, b.spare = b.spare, b.Machine
	}
}

// Question returns the current question; nil if there is none or it was answered.
func (b *Bench[M]) Question() Question { return b.question }

// Fail answers the current question with an error, unless it was answered already.
func (b *Bench[M]) Fail(err error) (waited bool) {
	question := b.question
	if question == nil {
		return false
	}
	b.question = nil
	return question.Fail(err)
}

// Answer answers the current question, and reports whether the asker still waited
// for the answer. A later crash does not fail the question, because its cell may be
// used again for another.
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

// Arm sets the timer: the owner receives a messages.Tick when it is due. It
// replaces the timer that was set before. If due is zero there is no timer.
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

// disarm stops the timer. A Tick that was sent already becomes stale.
func (b *Bench[M]) disarm() {
	b.generation++
	b.due = 0
	if b.timer != nil {
		b.timer.Stop()
		b.timer = nil
	}
}

// Crash is the value with which an owner panics, to be restarted, because code of
// the user has panicked in another goroutine. The log shows the user's panic
// instead of the owner's.
type Crash struct {
	Panic any    // the value that the user's code panicked with
	Stack string // of the user's code
}

// Error returns Panic as text.
func (c *Crash) Error() string { return fmt.Sprint(c.Panic) }

// crashed is deferred around each message. It recovers a panic, fails the current
// question, logs the crash, and panics again, for the supervisor. The log is code
// of the user, and this goroutine may be that of a caller, so that a new goroutine
// writes the log.
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
		logger.Error(sentence, b.Kind.Name, b.owner.Name(), "panic", shown, "stack", stack)
	})
	panic(cause)
}
