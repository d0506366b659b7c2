package breaker

import (
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Lease is what the owner publishes: how the circuit stands, and the right of
// callers to count the common case themselves. Only its tally changes, and it is
// published once.
//
// While the lease is unsealed, callers add to the tally without a message:
// successes while CLOSED, refusals while OPEN or while a probe makes the trials.
// An owner that needs the count freezes the lease, takes a step, and publishes a
// fresh lease; or thaws this one, with its count if the step left no trace, or
// at zero if it changed nothing that callers see.
type Lease struct {
	tally atomic.Uint64         // what callers counted; the top bit: sealed
	cells atomic.Pointer[cells] // used instead, once many processors count; or nil

	plain   bool // CLOSED, no clock to read, and nil is a success
	timed   bool // callers must read the clock
	stopped bool // the system is shut down
	state   messages.State
	mode    messages.Mode
	epoch   uint64
	until   time.Time                  // OPEN: when trials begin; zero: not known
	refusal *messages.CircuitOpenError // what a refused caller gets; nil while CLOSED
}

// sealed is the bit of the tally that sends callers to the owner.
const sealed = uint64(1) << 63

// Every 4096th value of a tally is a sampling point, not a count: the caller
// that makes it looks whether others count at the same moment, and adds again.
const sampleEvery = 1<<12 - 1

// counted returns how many callers counted to make word.
func counted(word uint64) uint64 { return word - word>>12 }

// Permit returns the permit of a call that this lease admits.
func (l *Lease) Permit() messages.Permit { return messages.Permit{Epoch: l.epoch} }

// Succeed counts a success; false: call SucceedSlow. The compiler inlines it.
func (l *Lease) Succeed() bool { return l.add() }

// SucceedSlow counts a success where Succeed could not; false: the lease is
// sealed, Report the success.
func (l *Lease) SucceedSlow() bool { return l.addContended() }

// Refusal returns why a call is refused without asking; nil: call Admit.
func (l *Lease) Refusal() error {
	if l.refuses() {
		return l.refusal
	}
	return nil
}

// add adds one to the tally; false: call addContended. The compiler inlines it.
func (l *Lease) add() bool {
	if l.cells.Load() != nil {
		return false
	}
	word := l.tally.Add(1)
	return word&sealed == 0 && word&sampleEvery != 0
}

// addContended adds one where add could not; false: the lease is sealed, ask.
func (l *Lease) addContended() bool {
	for {
		if c := l.cells.Load(); c != nil {
			return c.add()
		}
		before := l.tally.Load()
		word := l.tally.Add(1)
		if word&sealed != 0 {
			return false
		}
		if word != before+1 { // others count at this very moment
			l.cells.CompareAndSwap(nil, newCells())
		}
		if word&sampleEvery != 0 {
			return true
		}
	}
}

// freeze seals the lease and returns the count it held. One that was sealed
// already holds nothing: it has been credited, or was never lent.
func (l *Lease) freeze() (count uint64, wasLent bool) {
	word := l.tally.Or(sealed)
	if word&sealed != 0 {
		return 0, false
	}
	if c := l.cells.Load(); c != nil {
		count = c.freeze()
	}
	return count + counted(word), true
}

// thaw unseals the lease with the given count. It overwrites the word: clearing
// only the bit would keep increments that failed while it was sealed.
func (l *Lease) thaw(count uint64) {
	if c := l.cells.Load(); c != nil {
		c.thaw()
	}
	l.tally.Store(count + count/sampleEvery)
}

// stateNow returns the state as of now: HALF_OPEN from the moment the reset
// timeout is over, even if the owner's timer is late.
func (l *Lease) stateNow() messages.State {
	if l.state == messages.Open && !l.until.IsZero() && !time.Now().Before(l.until) {
		return messages.HalfOpen
	}
	return l.state
}

// refuses reports whether a caller is refused here and now, without asking. It
// reads the clock only in the last stretch of OPEN.
func (l *Lease) refuses() bool {
	return l.refusal != nil && (!l.timed || time.Now().Before(l.until)) && (l.add() || l.addContended())
}

// newLease shows m as of now. last is the lease before it.
func newLease(name string, m *machine, last *Lease, now time.Time) *Lease {
	l := &Lease{state: m.state, mode: m.mode, timed: m.timed(now), epoch: m.epoch, until: m.until}
	l.plain = l.state == messages.Closed && !l.timed && m.cfg.Classify == nil
	if !m.leases() {
		l.tally.Store(sealed)
	}
	switch {
	case m.state == messages.Closed:
	case last != nil && last.epoch == m.epoch:
		l.refusal = last.refusal
	default:
		l.refusal = &messages.CircuitOpenError{
			Name: name, State: m.state, Forced: m.mode == messages.ForcedOpen, Until: m.until, Probe: m.probe,
		}
	}
	return l
}

// stillShows reports whether a new lease of m would be equal to l, for as long
// as the settings stay: the epoch rises with each change of state or mode.
func (l *Lease) stillShows(m *machine, now time.Time) bool {
	return l.epoch == m.epoch && l.timed == m.timed(now)
}

// stoppedLease shows what last showed and admits nobody.
func stoppedLease(last *Lease) *Lease {
	l := &Lease{stopped: true, state: last.state, mode: last.mode, epoch: last.epoch, until: last.until}
	l.tally.Store(sealed)
	return l
}
