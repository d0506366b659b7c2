package health

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// spreadOver is how many runs keep the same jitter. Ten per cent to either
// side, so many times over, is a whole interval: checks that began together are
// spread evenly over it then, and stay so.
const spreadOver = 5

// wake returns when the next tick is wanted; zero: never.
func (m *machine) wake() time.Time {
	switch m.phase {
	case idle:
		return m.dueAt
	case running:
		return m.deadline()
	case stuck:
		if m.status != messages.Unhealthy {
			return m.deadline().Add(grace)
		}
	}
	return time.Time{}
}

func (m *machine) deadline() time.Time        { return m.startedAt.Add(m.cfg.Timeout) }
func (m *machine) overdue(now time.Time) bool { return !now.Before(m.deadline()) }
func (m *machine) due(now time.Time) bool {
	return m.phase == idle && !m.dueAt.IsZero() && !now.Before(m.dueAt)
}

// next returns when the run after the last one begun is due, from start to
// start: a period, but for the jitter.
func (m *machine) next() time.Time {
	if m.cfg.Interval == OnDemand {
		return time.Time{}
	}
	const longest = 1 << 62 // 146 years: no period overflows
	return m.startedAt.Add(time.Duration(min(longest, float64(m.period())*(0.9+0.2*m.random))))
}

// period is Interval, or shorter while it fails or recovers: FastInterval,
// doubled with each run that brings nothing new.
func (m *machine) period() time.Duration {
	if m.failures == 0 && m.status != messages.Unhealthy {
		return m.cfg.Interval
	}
	d := m.cfg.FastInterval
	for range max(m.failures, m.successes) - 1 {
		if d >= m.cfg.Interval/2 {
			return m.cfg.Interval
		}
		d *= 2
	}
	return d
}

// expect works out when the next result should be there. A restart does not
// put that off: what crashes again and again must not look fresh.
func (m *machine) expect(now time.Time) {
	m.staleAt = time.Time{}
	if m.dueAt.IsZero() {
		return
	}
	from := m.dueAt
	if from.Before(now) {
		from = now
	}
	m.staleAt = from.Add(m.cfg.Timeout).Add(slack)
}
