package breaker

import (
	"fmt"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// machine is the circuit breaker: its state, its counts, and the rules by which
// they change. It uses no clock, lock or goroutine: every input is given the time
// and returns its effects.
type machine struct {
	cfg      *Config
	settings uint64 // the number of cfg: it rises with each Configure
	state    messages.State
	mode     messages.Mode
	epoch    uint64 // rises with each change of state or mode
	observed bool   // the end of each call is reported with its duration

	streak int     // failures in a row
	window *window // of results while CLOSED; nil: no rate is set
	awake  bool    // the current bucket of the time window has calls; always true without a time window

	until      time.Time // OPEN: when trials begin
	reopenings int       // since the last recovery
	trials     []trial   // HALF_OPEN: running now, the oldest first
	lastTrial  uint64
	healed     int    // HALF_OPEN: trials that succeeded
	probe      string // HALF_OPEN: the health check whose runs are the trials; "": calls are

	totals totals
}

// totals are the totals of BreakerStats.
type totals struct {
	Successes, Failures, Ignored, Rejected, Late, Slow, Opened uint64
}

// effects is what the owner must do after an input. The zero value means only to
// keep the step.
type effects struct {
	idle    bool // drop the step: it changed nothing
	changed bool // emit change
	change  messages.BreakerChanged

	ask        *messages.Probe           // run the probe; nil: do not
	unanswered *messages.ProbeUnanswered // emit it; nil: do not
}

func newMachine(cfg *Config) machine {
	m := machine{cfg: cfg, settings: 1, epoch: 1}
	m.restartWindow()
	return m
}

// CopyFrom makes m equal to o. It uses the memory of m again, and shares none that
// a step changes.
func (m *machine) CopyFrom(o *machine) {
	w, trials := m.window, m.trials[:0]
	*m = *o
	m.window, m.trials = w.copyOf(o.window), append(trials, o.trials...)
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
	case m.state == messages.HalfOpen && m.probe == "" && len(m.trials) < m.cfg.HalfOpenMaxCalls:
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
func (m *machine) accepts(r messages.Result) bool { return r.Settings == 0 || r.Settings == m.settings }

// result handles the result of an admitted call, which accepts has accepted.
func (m *machine) result(now time.Time, r messages.Result) effects {
	e := m.tick(now)
	if r.Permit.Epoch != m.epoch || !m.takeTrial(r.Permit.Trial) {
		m.totals.Late++
		return e
	}
	m.count(r)
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
	if reason, failures := m.reasonToOpen(); reason != "" {
		return m.enter(now, messages.Open, messages.Automatic, reason, failures)
	}
	return e
}

func (m *machine) count(r messages.Result) {
	switch r.Outcome {
	case messages.Success:
		m.totals.Successes++
		m.streak = 0
	case messages.Failure:
		m.totals.Failures++
		m.streak++
	case messages.Ignored:
		m.totals.Ignored++
		return
	}
	if r.Slow {
		m.totals.Slow++
	}
}

func (m *machine) resultClosed(r messages.Result) {
	m.awake = true
	m.window.add(r.Outcome == messages.Failure, r.Slow)
}

// reasonToOpen returns why the streak or a rate opens the circuit, and the failures
// that count towards it; "" if none does.
func (m *machine) reasonToOpen() (reason string, failures int) {
	if m.cfg.FailureThreshold != Off && m.streak >= m.cfg.FailureThreshold {
		return plural(m.streak, "failure"), m.streak
	}
	w := m.window.held()
	if w.calls < m.cfg.MinimumCalls {
		return "", 0
	}
	if reaches(w.failures, w.calls, m.cfg.FailureRate) {
		return fmt.Sprintf("%s in %d calls", plural(w.failures, "failure"), w.calls), w.failures
	}
	if reaches(w.slow, w.calls, m.cfg.SlowCallRate) {
		return fmt.Sprintf("%s in %d", plural(w.slow, "slow call"), w.calls), w.failures
	}
	return "", 0
}

func reaches(part, whole int, rate float64) bool {
	return rate > 0 && whole > 0 && float64(part)/float64(whole) >= rate
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// tick does what is due by now. It may come early, late or not at all: the other
// inputs call it first, and before control the owner does.
func (m *machine) tick(now time.Time) effects {
	switch m.state {
	case messages.Closed:
		if m.judgesBuckets() && m.window.slide(now) {
			m.awake = false
		}
	case messages.Open:
		if m.mode == messages.Automatic && !now.Before(m.until) {
			return m.tryAgain(now)
		}
	case messages.HalfOpen:
		if due := m.firstDeadline(); !due.IsZero() && !now.Before(due) {
			return m.overdue(now)
		}
	}
	return effects{}
}

// control carries out an operator's order.
func (m *machine) control(now time.Time, order messages.Order) effects {
	switch order {
	case messages.ForceOpen:
		return m.enter(now, messages.Open, messages.ForcedOpen, "forced open", 0)
	case messages.Disable:
		return m.enter(now, messages.Closed, messages.Disabled, "disabled", 0)
	}
	return m.enter(now, messages.Closed, messages.Automatic, "reset", 0)
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
	m.awake = !m.judgesBuckets()
}

// judgesBuckets reports whether there is a time window.
func (m *machine) judgesBuckets() bool { return m.cfg.judgesRates() && m.cfg.Window.span > 0 }

// enter is the only writer of the state.
func (m *machine) enter(now time.Time, to messages.State, mode messages.Mode, reason string, failures int) effects {
	from, fromMode := m.state, m.mode
	m.state, m.mode = to, mode
	m.epoch++
	m.trials, m.healed, m.probe = m.trials[:0], 0, ""
	m.until = time.Time{}
	switch to {
	case messages.Open:
		if from != messages.Open {
			m.totals.Opened++
		}
		if mode == messages.Automatic {
			m.until = now.Add(m.cfg.resetTimeout(m.reopenings))
		}
	case messages.Closed:
		m.streak, m.reopenings = 0, 0
		m.window.clear()
		m.awake = !m.judgesBuckets()
	}
	return effects{
		changed: from != to || fromMode != mode,
		change:  messages.BreakerChanged{From: from, To: to, Reason: reason, Failures: failures},
	}
}
