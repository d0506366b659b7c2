package breaker

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// This file is what others see of the machine, and when it wants to be woken.

// lastStretch is how long before the end of OPEN callers begin to look at the
// clock themselves, so that nobody is refused because a timer was late.
const lastStretch = 50 * time.Millisecond

// timed reports whether a caller must read the clock: to tell slow calls, or
// in the last stretch of OPEN.
func (m *machine) timed(now time.Time) bool {
	switch m.state {
	case messages.Closed:
		return m.cfg.SlowCall > 0
	case messages.Open:
		return m.mode == messages.Automatic && !now.Before(m.until.Add(-lastStretch))
	}
	return false
}

// leases reports whether callers may tally by themselves: successes while
// CLOSED, refusals while OPEN or while a probe makes the trials. A bucket of a
// time window starts with a message.
func (m *machine) leases() bool {
	switch m.state {
	case messages.Closed:
		return m.awake
	case messages.Open:
		return true
	}
	return m.probe != ""
}

// wake returns when the machine wants its next tick; zero: no need.
func (m *machine) wake(now time.Time) time.Time {
	switch {
	case m.state == messages.Closed && m.judgesBuckets() && m.awake:
		return m.window.ends
	case m.state == messages.Open && m.mode == messages.Automatic:
		if early := m.until.Add(-lastStretch); now.Before(early) {
			return early
		}
		return m.until
	case m.state == messages.HalfOpen:
		return m.firstDeadline()
	}
	return time.Time{}
}

// stats returns the counts as of now.
func (m *machine) stats(now time.Time) (s messages.BreakerStats, e effects) {
	e = m.tick(now)
	e.idle = !e.changed
	n := m.totals
	s = messages.BreakerStats{
		State: m.state, Mode: m.mode, ConsecutiveFailures: m.streak, Trials: len(m.trials),
		Successes: n.Successes, Failures: n.Failures, Ignored: n.Ignored, Rejected: n.Rejected,
		Late: n.Late, Slow: n.Slow, Opened: n.Opened,
	}
	if m.judgesBuckets() {
		m.window.slide(now) // in any state: tick does it while CLOSED only
	}
	if w := m.window.held(); w.calls >= m.cfg.MinimumCalls && w.calls > 0 {
		s.FailureRate = float64(w.failures) / float64(w.calls)
	}
	if m.state == messages.Open && m.mode == messages.Automatic {
		s.TimeUntilReset = max(0, m.until.Sub(now))
	}
	return s, e
}
