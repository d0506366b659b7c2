package retry

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/messages"
)

// Host is what a retry policy needs of the system it lives in.
type Host interface {
	Spawn(kind messages.Kind, owner messages.Actor) (messages.Address, error)
	Emit(messages.Event)
	Logger() *slog.Logger
	Closing() <-chan struct{}
	Go(fn func())
}

// kind is what the runtime knows of the owners of retries.
var kind = messages.Kind{Name: "retry", Title: "Retry", FreeRestarts: 5, FirstPause: 10 * time.Millisecond, MaxPause: time.Second, InPlace: true}

// The questions that an owner answers.
type (
	attemptCell   = ask.Cell[messages.Attempt, messages.Verdict]
	configureCell = ask.Cell[configure, struct{}]
	statsCell     = ask.Cell[stats, messages.RetryStats]

	configure struct {
		at  time.Time
		cfg Config
	}
	stats struct{}
)

// owner is the actor of one policy. What it knows lives in its office, so
// that a restarted owner goes on where the last one was.
type owner struct {
	*office
	asker interface{ Fail(error) bool } // who waits for the message at hand
}

// spawn starts the owner of a policy; every incarnation works in the same office.
func spawn(host Host, o *office) (messages.Address, error) {
	return host.Spawn(kind, &owner{office: o})
}

func (o *owner) Restarted() {}

func (o *owner) Stopped() {}

func (o *owner) String() string { return "Retry '" + o.handle.name + "'" }

// Receive takes one message: a step of the machine, then its effects. The
// machine steps on a copy, so a crash leaves no half of a step behind.
func (o *owner) Receive(message any) {
	defer o.crashed()
	switch cell := message.(type) {
	case *attemptCell:
		o.asker = cell
		next := o.machine
		e := next.failed(cell.Question)
		o.commit(next, e, cell.Question.At)
		cell.Answer(e.verdict)
	case *configureCell:
		o.asker = cell
		next := o.machine
		e := next.configure(cell.Question.at, cell.Question.cfg)
		o.commit(next, e, cell.Question.at)
		cell.Answer(struct{}{})
	case *statsCell:
		o.asker = cell
		answer := o.machine.stats
		o.asker = nil
		cell.Answer(answer)
	}
}

// commit makes a step final and shows the callers what they must see. The
// message at hand has been applied then: its asker is about to be answered,
// and the cell is nobody's to fail any more.
func (o *owner) commit(next machine, e effects, now time.Time) {
	o.machine = next
	if e.publish {
		o.handle.publish(next.cfg, now)
	}
	o.asker = nil
}

// crashed tells the asker that the owner is about to crash, has the stack
// logged, though not in the goroutine of a caller, and leaves the restart to
// the supervisor.
func (o *owner) crashed() {
	cause := recover()
	if cause == nil {
		return
	}
	if asker := o.asker; asker != nil {
		o.asker = nil
		asker.Fail(messages.ErrCrashed)
	}
	logger, stack := o.handle.host.Logger(), string(debug.Stack())
	o.handle.host.Go(func() { // ends with the log
		logger.Error(fmt.Sprintf("Retry '%s' crashed: %v", o.handle.name, cause),
			"retry", o.handle.name, "panic", cause, "stack", stack)
	})
	panic(cause)
}
