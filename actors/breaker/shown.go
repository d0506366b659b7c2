package breaker

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// This file holds what the owner reads from the machine: what to publish, when the
// next tick is due, and the counts.

// lastStretch is the time before the end of OPEN in which callers read the clock
// themselves, so that no call is refused because a timer is late.
const lastStretch = 50 * time.Millisecond

// timed reports whether callers must read the clock: to measure calls, or during
// lastStretch.
func (m *machine) timed(now time.Time) bool {
	switch m.state {
	case messages.Closed:
		return m.cfg.SlowCall > 0 || m.observed
	case messages.Open:
		return m.mode == messages.Automatic && !now.Before(m.until.Add(-lastStretch))
	}
	return false
}

// leases reports whether callers may count on the lease: successes while CLOSED,
// refusals while OPEN or while a probe makes the trials. The first call in a bucket
// of a time window needs a message.
func (m *machine) leases() bool {
	switch m.state {
	case messages.Closed:
		return m.awake
	case messages.Open:
		return true
	}
	return m.probe != ""
}

// wake returns when the next tick is due; zero if none is.
func (m *machine) wake(now time.Time) time.Time {
	switch {
	case m.state == messages.Closed && m.cfg.judgesBuckets() && m.awake:
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

// stats returns the counts as of now, without the name.
func (m *machine) stats(now time.Time) (s messages.BreakerStats, e effects) {
	e = m.tick(now)
	e.idle = !e.changed
	n := m.totals
	s = messages.BreakerStats{
		State: m.state, Mode: m.mode, ConsecutiveFailures: m.streak, Trials: len(m.trials),
		Successes: n.Successes, Failures: n.Failures, Ignored: n.Ignored, Rejected: n.Rejected,
		Late: n.Late, Slow: n.Slow,
		Opened: n.Entered[messages.Open], HalfOpened: n.Entered[messages.HalfOpen], Closed: n.Entered[messages.Closed],
		LastFailure: m.lastFailure,
	}
	if m.lastFailureAt != 0 {
		s.LastFailureAt = time.Unix(0, m.lastFailureAt)
	}
	if m.cfg.judgesBuckets() {
		m.window.slide(now) // in any state; tick does it only while CLOSED
	}
	if w := m.window.held(); w.calls >= m.cfg.MinimumCalls && w.calls > 0 {
		s.FailureRate = float64(w.failures) / float64(w.calls)
	}
	if m.state == messages.Open && m.mode == messages.Automatic {
		s.TimeUntilReset = max(0, m.until.Sub(now))
	}
	return s, e
}
