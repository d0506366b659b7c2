package breaker

import (
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Lease is what the owner publishes: the state of the circuit, and a tally on which
// callers count the common case themselves. Only the tally changes once a lease is
// published, and no lease is published twice.
//
// While the lease is unsealed, callers add to the tally without a message:
// successes while CLOSED, refusals while OPEN or while a probe makes the trials.
// Before a step the owner freezes the lease and takes its count. After the step it
// publishes a new lease, or thaws this one: with its count if the step was dropped
// or crashed, with 0 if the step changed nothing that callers see.
type Lease struct {
	tally atomic.Uint64         // counts of callers and sampling points; the top bit: sealed
	cells atomic.Pointer[cells] // replaces tally once several processors count at the same time; else nil

	plain   bool // CLOSED, callers need not read the clock, and there is no Classify
	timed   bool // callers must read the clock
	stopped bool // the system is shut down
	state   messages.State
	mode    messages.Mode
	epoch   uint64
	refusal *messages.CircuitOpenError // the error of refused calls; nil while CLOSED

	cfg      *Config // the settings that judge calls
	settings uint64  // their number
}

// sealed is the bit of a tally that is set while only the owner may count.
const sealed = uint64(1) << 63

// Every 4096th value of a tally is a sampling point, and not a count. A caller that
// produces one calls addContended, which adds again and compares the tally before
// and after. If it has grown by more than one, other callers count at the same time,
// and the lease gets cells. So only one call in 4096 tests for contention; all others
// need one atomic addition.
//
// The invariant: a tally with the value word holds word - word/4096 counts.
const sampleEvery = 1<<12 - 1

// counted returns the counts in a tally with the value word.
func counted(word uint64) uint64 { return word - word>>12 }

// count returns the successes that callers have counted on the first lease of a
// breaker, as long as it has no owner. If it returns false, ask the owner.
func (l *Lease) count() (successes uint64, known bool) {
	if word := l.tally.Load(); word&sealed == 0 {
		return counted(word), true
	}
	return 0, l.cfg.judgesBuckets() // such a lease is made sealed
}

// Permit returns the permit of a call that this lease admits.
func (l *Lease) Permit() messages.Permit { return messages.Permit{Epoch: l.epoch} }

// Succeed counts a success. If it returns false, call SucceedSlow. The compiler
// inlines it.
func (l *Lease) Succeed() bool { return l.add() }

// SucceedSlow counts a success that Succeed did not. If it returns false the lease
// is sealed: call Settle.
func (l *Lease) SucceedSlow() bool { return l.addContended() }

// Refusal counts a refusal and returns its error, if the lease refuses calls. If it
// returns nil, call Admit.
func (l *Lease) Refusal() error {
	if l.refuses() {
		return l.refusal
	}
	return nil
}

// add adds one to the tally. If it returns false, call addContended. The compiler
// inlines it.
func (l *Lease) add() bool {
	if l.cells.Load() != nil {
		return false
	}
	word := l.tally.Add(1)
	return word&sealed == 0 && word&sampleEvery != 0
}

// addContended adds one that add did not. If it returns false the lease is sealed:
// ask the owner.
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
		if word != before+1 { // other callers count at the same time
			l.cells.CompareAndSwap(nil, newCells())
		}
		if word&sampleEvery != 0 {
			return true
		}
	}
}

// freeze seals the lease and returns its count. wasLent reports whether it was
// unsealed. If it was not, the count is 0: it was taken before, or callers never
// could count on this lease.
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
	if until := l.until(); !until.IsZero() && !time.Now().Before(until) {
		return messages.HalfOpen
	}
	return l.state
}

// until returns when trials begin; zero unless OPEN, and if that is not known.
func (l *Lease) until() time.Time {
	if l.refusal == nil {
		return time.Time{}
	}
	return l.refusal.Until
}

// refuses reports whether the lease refuses a call, and counts the refusal. It reads
// the clock only shortly before the end of OPEN.
func (l *Lease) refuses() bool {
	return l.refusal != nil && (!l.timed || time.Now().Before(l.refusal.Until)) && (l.add() || l.addContended())
}

// newLease returns the lease of m as of now. last is the one before it, or nil.
// cause is the failure that has just opened the circuit, or nil.
func newLease(name string, m *machine, last *Lease, now time.Time, cause error) *Lease {
	l := &Lease{state: m.state, mode: m.mode, timed: m.timed(now), epoch: m.epoch, cfg: m.cfg, settings: m.settings}
	l.plain = l.state == messages.Closed && !l.timed && m.cfg.Classify == nil
	if !m.leases() {
		l.tally.Store(sealed)
	}
	switch {
	case m.state == messages.Closed:
	case last != nil && last.epoch == m.epoch:
		l.refusal = last.refusal
	default:
		if m.state == messages.HalfOpen && last != nil && last.refusal != nil {
			cause = last.refusal.Last
		}
		l.refusal = &messages.CircuitOpenError{
			Name: name, State: m.state, Forced: m.mode == messages.ForcedOpen, Until: m.until, Probe: m.probe, Last: cause,
		}
	}
	return l
}

// stillShows reports whether a new lease of m would be equal to l, if the settings
// are the same. The epoch rises with each change of state or mode.
func (l *Lease) stillShows(m *machine, now time.Time) bool {
	return l.epoch == m.epoch && l.timed == m.timed(now)
}

// stoppedLease returns a sealed lease with the state of last that admits no call.
func stoppedLease(last *Lease) *Lease {
	l := &Lease{stopped: true, state: last.state, mode: last.mode, epoch: last.epoch, refusal: last.refusal, cfg: last.cfg}
	l.tally.Store(sealed)
	return l
}
