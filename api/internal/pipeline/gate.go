package pipeline

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/messages"
)

// RunBreaker runs fn under a breaker. It is RunGate with a fast path: while the
// circuit is closed, the lease admits the call and counts its success, without a
// message to the owner.
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
	returned := false // fn and the classifier have returned
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

// RunGate runs fn if the gate admits the call, and settles its outcome before it
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

// runInside runs an admitted call whose outcome an enclosing hard timeout may
// settle first.
func runInside(ctx context.Context, around *deadlineContext, g Gate, p messages.Permit, fn func(context.Context) error) error {
	e := &Entry{gate: g, permit: p}
	if err := around.add(e); err != nil { // the limit has passed since the call was admitted
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

// Entry is an admitted call. Its outcome is settled once, by the call itself or
// by an enclosing timeout, whichever is first. The methods of a zero Entry do
// nothing. Safe for concurrent use.
type Entry struct {
	gate   Gate
	permit messages.Permit

	mu      sync.Mutex // held until the outcome is counted, so that the second caller waits for it
	settled atomic.Bool
}

// NewEntry returns the entry of a call that g admitted with p.
func NewEntry(g Gate, p messages.Permit) Entry { return Entry{gate: g, permit: p} }

// Report settles the outcome of a call that returned err, unless it is settled
// already. No lock is held while the classifier runs.
func (e *Entry) Report(err error) {
	if e.isSettled() {
		return
	}
	outcome := messages.Failure // unless the classifier returns
	defer func() { e.settle(outcome) }()
	outcome = e.gate.Classify(err)
}

// Cancel settles the call as Ignored, unless its outcome is settled already.
func (e *Entry) Cancel() {
	if !e.isSettled() {
		e.settle(messages.Ignored)
	}
}

// isSettled reports whether there is nothing left to settle.
func (e *Entry) isSettled() bool { return e.gate == nil || e.settled.Load() }

// settle counts the outcome if none is counted yet, and returns once one is.
func (e *Entry) settle(outcome messages.Outcome) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.settled.Load() {
		e.gate.Settle(e.permit, outcome)
		e.settled.Store(true) // after Settle: a reader of true need not wait
	}
}

func (e *Entry) abort(err error) { e.Report(err) }
