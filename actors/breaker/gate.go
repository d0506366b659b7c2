package breaker

import (
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// view is what the owner publishes: how the circuit stands, and a lease on the
// common case. It never changes but for its tally, and is published once.
//
// While the lease is unsealed callers tally by themselves: successes while
// CLOSED, refusals while OPEN or while a probe makes the trials. An owner that
// needs the count freezes the lease, takes a step, and publishes a fresh view; or
// thaws this one, with its count if the step left no trace, or at zero if it
// changed nothing that callers see.
type view struct {
	tally   atomic.Uint64           // what callers counted; the top bit: sealed
	stripes atomic.Pointer[stripes] // in its place, once many processors count; or nil

	plain   bool // CLOSED, no clock to read, and nil is a success
	timed   bool // callers must read the clock
	stopped bool // the system is shut down
	state   messages.State
	mode    messages.Mode
	epoch   uint64
	until   time.Time                  // OPEN: when trials begin; zero: not known
	refusal *messages.CircuitOpenError // what a refused caller gets; nil while CLOSED
}

// sealed is the bit of the tally that tells callers to ask.
const sealed = uint64(1) << 63

// rare marks every 4096th word of a tally: who made it has not counted, but
// looks whether the lease needs stripes, and adds again.
const rare = 1<<12 - 1

// counted is how many have counted to make word.
func counted(word uint64) uint64 { return word - word>>12 }

// count adds one to the tally; false: recount. The compiler inlines it.
func (v *view) count() bool {
	if v.stripes.Load() != nil {
		return false
	}
	word := v.tally.Add(1)
	return word&sealed == 0 && word&rare != 0
}

// recount adds one where count could not; false: the lease is sealed, ask.
func (v *view) recount() bool {
	for {
		if s := v.stripes.Load(); s != nil {
			return s.count()
		}
		before := v.tally.Load()
		word := v.tally.Add(1)
		if word&sealed != 0 {
			return false
		}
		if word != before+1 { // others count at this very moment
			v.stripes.CompareAndSwap(nil, newStripes())
		}
		if word&rare != 0 {
			return true
		}
	}
}

// freeze seals the lease and returns the count it held. One that was sealed
// already holds nothing: it has been credited, or was never lent.
func (v *view) freeze() (count uint64, wasLent bool) {
	word := v.tally.Or(sealed)
	if word&sealed != 0 {
		return 0, false
	}
	if s := v.stripes.Load(); s != nil {
		count = s.freeze()
	}
	return count + counted(word), true
}

// thaw lends the lease again, holding count. It stores a fresh word, and so
// wipes what callers added in vain meanwhile, where clearing a bit would not.
func (v *view) thaw(count uint64) {
	if s := v.stripes.Load(); s != nil {
		s.thaw()
	}
	v.tally.Store(count + count/rare)
}

// stateNow returns the state as of now: HALF_OPEN from the moment the reset
// timeout is over, even if the owner's timer is late.
func (v *view) stateNow() messages.State {
	if v.state == messages.Open && !v.until.IsZero() && !time.Now().Before(v.until) {
		return messages.HalfOpen
	}
	return v.state
}

// refuses reports whether a caller is refused here and now, without asking. It
// reads the clock only in the last stretch of OPEN.
func (v *view) refuses() bool {
	return v.refusal != nil && (!v.timed || time.Now().Before(v.until)) && (v.count() || v.recount())
}

// newView shows m as of now. last is the view before it.
func newView(name string, m *machine, last *view, now time.Time) *view {
	v := &view{state: m.state, mode: m.mode, timed: m.timed(now), epoch: m.epoch, until: m.until}
	v.plain = v.state == messages.Closed && !v.timed && m.cfg.Classify == nil
	if !m.leases() {
		v.tally.Store(sealed)
	}
	switch {
	case m.state == messages.Closed:
	case last != nil && last.epoch == m.epoch:
		v.refusal = last.refusal
	default:
		v.refusal = &messages.CircuitOpenError{Name: name, State: m.state, Forced: m.mode == messages.ForcedOpen, Until: m.until, Probe: m.probe}
	}
	return v
}

// stillShows reports whether a view of m would be v again, for as long as the
// settings stay: the epoch rises with each change of state or mode.
func (v *view) stillShows(m *machine, now time.Time) bool {
	return v.epoch == m.epoch && v.timed == m.timed(now)
}

// stoppedView shows what last showed and admits nobody.
func stoppedView(last *view) *view {
	v := &view{stopped: true, state: last.state, mode: last.mode, epoch: last.epoch, until: last.until}
	v.tally.Store(sealed)
	return v
}
