package health

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// spreadOver is how many runs in a row keep the same random jitter. Checks that are
// registered together begin to run together, and should spread evenly over their
// interval. A jitter of ±10 % moves one run by up to a tenth of the interval. Kept
// for five runs, it moves the fifth by up to half an interval, earlier or later. As
// the jitter is evenly distributed, so are the runs from then on.
//
// The invariant: two runs of a check begin 0.9 to 1.1 periods apart, unless the
// later one waits for a slot.
const spreadOver = 5

// wake returns when the next tick is due; zero if none is.
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

// deadline returns when the run in flight times out.
func (m *machine) deadline() time.Time        { return m.startedAt.Add(m.cfg.Timeout) }
func (m *machine) overdue(now time.Time) bool { return !now.Before(m.deadline()) }
func (m *machine) due(now time.Time) bool {
	return m.phase == idle && !m.dueAt.IsZero() && !now.Before(m.dueAt)
}

// next returns when the next run is due: a period, with its jitter, after the start
// of the last run; zero if the check runs OnDemand.
func (m *machine) next() time.Time {
	if m.cfg.Interval == OnDemand {
		return time.Time{}
	}
	const maxPeriod = 1 << 62 // 146 years: a longer one could overflow with its jitter
	return m.startedAt.Add(time.Duration(min(maxPeriod, float64(m.period())*(0.9+0.2*m.random))))
}

// period returns the time from run to run without jitter: Interval, or FastInterval
// while the check fails or recovers. FastInterval doubles with each further failure
// or success in a row, up to Interval.
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

// expect sets staleAt, the time by which the next result must have arrived. A
// restart does not change it, so that the result of a check that crashes again and
// again becomes stale.
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
