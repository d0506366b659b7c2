package breaker

import (
	"cmp"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// machine is the circuit breaker: its state, its counts, and the rules by which
// they change. It uses no clock, lock or goroutine: every input is given the time
// and returns its effects.
type machine struct {
	cfg      *Config
	settings uint64 // the number of cfg: it rises with each Configure
	epoch    uint64 // rises with each change of state or mode
	state    messages.State
	mode     messages.Mode
	observed bool // the end of each call is reported with its duration
	awake    bool // the current bucket of the time window has calls; always true without a time window

	streak int     // failures in a row
	began  int64   // CLOSED: when the streak began, in Unix nanoseconds
	window *window // of results while CLOSED; nil: no rate is set

	until      time.Time // OPEN: when trials begin
	reopenings int       // since the last recovery
	*recovery            // HALF_OPEN: its trials; else noRecovery

	lastFailure   error
	lastFailureAt int64 // in Unix nanoseconds, a third of a time.Time; 0: never
	totals        totals
}

// totals are the totals of BreakerStats.
type totals struct {
	Successes, Failures, Ignored, Rejected, Late, Slow uint64

	Entered [3]uint64 // how often the circuit entered each state
}

// effects is what the owner must do after an input. The zero value means only to
// keep the step.
type effects struct {
	idle    bool                     // drop the step: it changed nothing
	changed bool                     // emit change
	change  *messages.BreakerChanged // what has changed; nil: no state was entered

	ask        *messages.Probe           // run the probe; nil: do not
	unanswered *messages.ProbeUnanswered // emit it; nil: do not
}

// cause returns the failure that opened the circuit; nil: none did.
func (e *effects) cause() error {
	if e.change == nil {
		return nil
	}
	return e.change.Last
}

func newMachine(cfg *Config) machine {
	m := machine{cfg: cfg, settings: 1, epoch: 1, recovery: noRecovery}
	m.restartWindow()
	return m
}

// CopyFrom makes m equal to o. It uses the memory of m again, and shares none that
// a step changes.
func (m *machine) CopyFrom(o *machine) {
	w, r := m.window, m.recovery
	*m = *o
	m.window, m.recovery = w.copyOf(o.window), r.copyOf(o.recovery)
}

// credit adds what callers have counted on the lease since the last step: successes
// while CLOSED, else refusals.
func (m *machine) credit(n uint64) {
	if n == 0 {
		return
	}
	switch m.state {
	case messages.Closed:
		m.totals.Successes += n
		m.streak = 0
		m.awake = true
		m.window.successes(int(n))
	default:
		m.totals.Rejected += n
	}
}

// call asks for admission.
func (m *machine) call(now time.Time, c messages.Call) (p messages.Permit, admitted bool, e effects) {
	e = m.tick(now)
	switch {
	case m.runs(c.Within):
		return messages.Permit{Epoch: m.epoch, Within: true}, true, e
	case m.state == messages.Closed:
		m.awake = true
		return messages.Permit{Epoch: m.epoch}, true, e
	case m.state == messages.HalfOpen && m.probe == "" && len(m.trials) < m.needed():
		return m.begin(now), true, e
	}
	m.totals.Rejected++
	return messages.Permit{}, false, e
}

// left takes back the answer to a call whose caller has left before it.
func (m *machine) left(p messages.Permit, admitted bool) effects {
	if admitted {
		m.takeTrial(p.Trial)
	} else {
		m.totals.Rejected--
	}
	return effects{}
}

// accepts reports whether the settings in force have judged r.
func (m *machine) accepts(r *messages.Result) bool {
	return r.Settings == 0 || r.Settings == m.settings
}

// result handles the result of an admitted call, which accepts has accepted.
func (m *machine) result(now time.Time, r *messages.Result) effects {
	e := m.tick(now)
	if r.Permit.Epoch != m.epoch || !m.takeTrial(r.Permit.Trial) {
		m.totals.Late++
		return e
	}
	if r.Settings == 0 && m.cfg.isSlow(r.Took) { // a call that panicked is not judged by its caller
		r.Slow = true
	}
	m.count(now, r)
	if r.Outcome == messages.Ignored {
		return e
	}
	if m.state == messages.HalfOpen {
		return m.resultHalfOpen(now, r)
	}
	m.resultClosed(r)
	if m.mode == messages.Disabled || (r.Outcome == messages.Success && !r.Slow) {
		return e
	}
	if why := m.reasonToOpen(); why != nil {
		why.atLeast = r.RetryAfter
		return m.open(now, *why)
	}
	return e
}

// tick does what is due by now. It may come early, late or not at all: the other
// inputs call it first, and before control the owner does.
func (m *machine) tick(now time.Time) effects {
	switch m.state {
	case messages.Closed:
		if m.cfg.judgesBuckets() && m.window.slide(now) {
			m.awake = false
		}
	case messages.Open:
		if m.mode == messages.Automatic && !now.Before(m.until) {
			return m.tryAgain(now, "reset timeout is over")
		}
	case messages.HalfOpen:
		return m.overdue(now)
	}
	return effects{}
}

// control carries out an operator's order. An order that does not fit the state is
// idle.
func (m *machine) control(now time.Time, c messages.Control) effects {
	switch c.Order {
	case messages.ForceOpen:
		return m.enter(now, messages.Open, messages.ForcedOpen, "forced open")
	case messages.Disable:
		return m.enter(now, messages.Closed, messages.Disabled, "disabled")
	case messages.Trip:
		if m.mode != messages.Automatic || m.state == messages.Open {
			return effects{idle: true}
		}
		return m.open(now, opening{reason: cmp.Or(messages.Clip(c.Reason), "tripped")})
	case messages.TryNow:
		if m.mode != messages.Automatic || m.state != messages.Open {
			return effects{idle: true}
		}
		return m.tryAgain(now, "asked to try")
	}
	return m.enter(now, messages.Closed, messages.Automatic, "reset")
}

// configure replaces the settings. State and counts are kept; a different
// window starts empty; an open circuit keeps its deadline.
func (m *machine) configure(now time.Time, cfg *Config) effects {
	e := m.tick(now)
	fresh := cfg.Window != m.cfg.Window || cfg.judgesRates() != m.cfg.judgesRates()
	m.cfg = cfg
	m.settings++
	if fresh {
		m.restartWindow()
	}
	return e
}

func (m *machine) restartWindow() {
	m.window = nil
	if m.cfg.judgesRates() {
		m.window = newWindow(m.cfg.Window)
	}
	m.awake = !m.cfg.judgesBuckets()
}

// open opens the circuit by itself.
func (m *machine) open(now time.Time, why opening) effects {
	if m.state == messages.HalfOpen {
		m.reopenings++
	}
	e := m.enter(now, messages.Open, messages.Automatic, why.reason)
	e.change.Failures, e.change.Last = why.failures, why.last
	m.until = now.Add(max(m.cfg.resetTimeout(m.reopenings), min(why.atLeast, m.cfg.MaxResetTimeout)))
	return e
}

// enter is the only writer of the state.
func (m *machine) enter(now time.Time, to messages.State, mode messages.Mode, reason string) effects {
	from, fromMode := m.state, m.mode
	m.state, m.mode = to, mode
	m.epoch++
	m.recovery, m.until = noRecovery, time.Time{}
	if from != to {
		m.totals.Entered[to]++
	}
	switch to {
	case messages.HalfOpen:
		m.recovery = &recovery{}
	case messages.Closed:
		m.streak, m.reopenings = 0, 0
		m.window.clear()
		m.awake = !m.cfg.judgesBuckets()
	}
	return effects{
		changed: from != to || fromMode != mode,
		change:  &messages.BreakerChanged{From: from, To: to, Mode: mode, Reason: reason},
	}
}
