package pipeline

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/messages"
)

// RunBreaker runs fn under a breaker. It is runGate with a fast path: while the
// circuit is closed, the lease admits the call and counts its success, without a
// message to the owner.
func RunBreaker(ctx context.Context, b *breaker.Handle, fn func(context.Context) error) error {
	return runBreaker(ctx, b, fn, never)
}

func runBreaker(ctx context.Context, b *breaker.Handle, fn func(context.Context) error, e ends) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	lease, admits := b.Lease()
	if !admits {
		if err := lease.Refusal(); err != nil {
			b.ReportRefusal(ctx, err)
			return err
		}
		return runGate(ctx, b, fn, e)
	}
	if s := scopeOf(ctx); s != nil && s.hard != nil {
		return runGate(ctx, b, fn, e)
	}
	returned := false
	defer func() {
		if !returned {
			settlePanic(ctx, b, lease.Permit())
		}
	}()
	err := fn(ctx)
	returned = true
	if err != nil || !lease.Succeed() && !lease.SucceedSlow() {
		settle(ctx, b, lease.Permit(), err)
	}
	return err
}

// runGate runs fn if the gate admits the call, and settles its result before it
// returns.
func runGate(ctx context.Context, g Gate, fn func(context.Context) error, e ends) error {
	p, err := g.Admit(ctx)
	if err != nil {
		return err
	}
	if hard := around(ctx).hard; hard != nil {
		return runInside(ctx, hard, &Entry{ctx: ctx, gate: g, permit: p, hard: hard, ends: e}, fn)
	}
	returned := false
	defer func() {
		if !returned {
			settlePanic(ctx, g, p)
		}
	}()
	err = fn(g.Enter(ctx, p))
	returned = true
	settle(ctx, g, p, err)
	return err
}

// runInside runs an admitted call whose outcome an enclosing hard timeout may
// settle first.
func runInside(ctx context.Context, hard *detached, e *Entry, fn func(context.Context) error) error {
	if err := hard.add(e); err != nil { // the limit has passed since the call was admitted
		e.ignore(err)
		return err
	}
	returned := false
	defer func() {
		if !returned {
			e.settle(resultOfPanic(ctx, e.permit))
		}
		hard.remove(e)
	}()
	err := fn(e.gate.Enter(ctx, e.permit))
	returned = true
	e.Report(err)
	return err
}

// settle concludes the call of a permit that returned err, even if the user's code
// panics.
func settle(ctx context.Context, g Gate, p messages.Permit, err error) {
	judged := false
	defer func() {
		if !judged { // the user's code has panicked
			settlePanic(ctx, g, p)
		}
	}()
	r := g.Conclude(ctx, p, err)
	judged = true // before OnCall, which may end the goroutine
	g.Report(ctx, r)
}

// settlePanic counts a call that did not return.
func settlePanic(ctx context.Context, g Gate, p messages.Permit) {
	r := resultOfPanic(ctx, p)
	g.Settle(r)
	g.Report(ctx, r)
}

// resultOfPanic returns the result of a call that did not return: a Failure, unless
// its caller has left.
func resultOfPanic(ctx context.Context, p messages.Permit) (r messages.Result) {
	r = messages.Result{Permit: p, Outcome: messages.Failure}
	defer func() { _ = recover() }() // of ctx
	if messages.IsCancelled(ctx) {
		r.Outcome = messages.Ignored
	}
	return r
}

// Entry is an admitted call. Its outcome is settled once, by the call itself or
// by an enclosing timeout, whichever is first. The methods of a zero Entry do
// nothing. Safe for concurrent use.
type Entry struct {
	ctx    context.Context // that the call was given
	gate   Gate
	permit messages.Permit
	hard   *detached // the hard timeout around; nil: none
	ends   ends      // whether the return of the call ends that of the hard timeout

	mu      sync.Mutex // held until the outcome is counted, so that the second caller waits for it
	settled atomic.Bool
}

// NewEntry returns the entry of a call that g admitted with p.
func NewEntry(ctx context.Context, g Gate, p messages.Permit) Entry {
	return Entry{ctx: ctx, gate: g, permit: p}
}

// Report settles the outcome of a call that returned err, unless it is settled
// already. No lock is held while the user's code runs.
func (e *Entry) Report(err error) { e.report(e.ctx, e.hard, err) }

// report is Report of a call whose outcome depends on ctx, and on the hard timeout
// around unless it is nil.
func (e *Entry) report(ctx context.Context, hard *detached, err error) {
	judged := false
	defer func() {
		if !judged { // the user's code has panicked
			e.settle(resultOfPanic(ctx, e.permit))
		}
	}()
	for !e.isSettled() {
		r := e.gate.Judge(ctx, e.permit, err)
		if hard != nil && !hard.isInTime(e.ends, err) {
			judged = true
			e.abort(hard.cause(err))
			return
		}
		if e.settle(r) {
			break
		}
	}
	judged = true
}

// Cancel settles the call as Ignored, unless its outcome is settled already.
func (e *Entry) Cancel() { e.ignore(nil) }

// ignore is Cancel of a call that has ended with err.
func (e *Entry) ignore(err error) {
	if !e.isSettled() {
		e.settle(messages.Result{Permit: e.permit, Outcome: messages.Ignored, Err: err})
	}
}

// isSettled reports whether there is nothing left to settle.
func (e *Entry) isSettled() bool { return e.gate == nil || e.settled.Load() }

// settle counts a result if none is counted yet, and returns once one is. If it
// returns false, r must be judged again.
func (e *Entry) settle(r messages.Result) bool {
	counted, isFirst := e.count(r)
	if counted && isFirst {
		e.gate.Report(e.ctx, r)
	}
	return counted
}

func (e *Entry) count(r messages.Result) (counted, isFirst bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.settled.Load() {
		return true, false
	}
	if !e.gate.Settle(r) {
		return false, false
	}
	e.settled.Store(true) // after Settle: a reader of true need not wait
	return true, true
}

// abort settles the call with the error of an enclosing timeout. The ctx of the call
// says no more about it.
func (e *Entry) abort(err error) {
	if messages.IsNeutral(err) {
		e.ignore(err)
		return
	}
	e.report(context.Background(), nil, err)
}
