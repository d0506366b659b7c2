package pipeline

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/messages"
)

// RunBreaker runs fn under a breaker. It is RunGate with a short cut: while the
// circuit is closed, the lease admits the call and counts its success.
func RunBreaker(ctx context.Context, b *breaker.Handle, fn func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	lease, admits := b.Lease()
	if !admits {
		if err := lease.Refusal(); err != nil {
			return err
		}
		return RunGate(ctx, b, fn)
	}
	if ctx.Value(detachedKey{}) != nil {
		return RunGate(ctx, b, fn)
	}
	returned := false // fn, and the classifier
	defer func() {
		if !returned {
			b.Settle(lease.Permit(), messages.Failure)
		}
	}()
	err := fn(ctx)
	outcome := messages.Success
	if err != nil {
		outcome = b.Classify(err)
	}
	returned = true
	if outcome != messages.Success || !lease.Succeed() && !lease.SucceedSlow() {
		b.Settle(lease.Permit(), outcome)
	}
	return err
}

// RunGate runs fn if the gate admits it, and settles how it ended before it
// returns.
func RunGate(ctx context.Context, g Gate, fn func(context.Context) error) error {
	p, err := g.Admit(ctx)
	if err != nil {
		return err
	}
	if around, ok := ctx.Value(detachedKey{}).(*deadlineContext); ok {
		return runInside(ctx, around, g, p, fn)
	}
	outcome := messages.Failure // unless fn and the classifier return
	defer func() { g.Settle(p, outcome) }()
	err = fn(ctx)
	outcome = g.Classify(err)
	return err
}

// runInside runs an admitted call that the hard timeout around may end.
func runInside(ctx context.Context, around *deadlineContext, g Gate, p messages.Permit, fn func(context.Context) error) error {
	e := &Entry{gate: g, permit: p}
	if err := around.add(e); err != nil { // the limit has passed meanwhile
		e.Cancel()
		return err
	}
	outcome := messages.Failure // unless fn and the classifier return
	defer func() {
		e.settle(outcome)
		around.remove(e)
	}()
	err := fn(ctx)
	outcome = g.Classify(err)
	return err
}

// Entry is an admitted call whose end is settled once, by the first to know it:
// the call itself, or a timeout around it. Methods of a zero Entry do nothing. Safe for concurrent use.
type Entry struct {
	gate   Gate
	permit messages.Permit

	mu      sync.Mutex // held until the outcome is in, so that the other waits for it
	settled atomic.Bool
}

// Enter returns the entry of a call that g admitted.
func Enter(g Gate, p messages.Permit) Entry { return Entry{gate: g, permit: p} }

// Report settles that the call returned err, unless its end is settled. The
// classifier runs under no lock.
func (e *Entry) Report(err error) {
	if e.isOver() {
		return
	}
	outcome := messages.Failure // unless the classifier returns
	defer func() { e.settle(outcome) }()
	outcome = e.gate.Classify(err)
}

// Cancel gives the permit back unused, unless the call's end is settled.
func (e *Entry) Cancel() {
	if !e.isOver() {
		e.settle(messages.Ignored)
	}
}

func (e *Entry) isOver() bool { return e.gate == nil || e.settled.Load() }

func (e *Entry) settle(outcome messages.Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.settled.Load() {
		e.gate.Settle(e.permit, outcome)
		e.settled.Store(true) // after Settle: what reads it need not wait
	}
}

func (e *Entry) abort(err error) { e.Report(err) }
