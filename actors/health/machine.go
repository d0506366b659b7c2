package health

import (
	"fmt"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// grace is how long a check may take to return after its timeout. A check that
// takes longer is UNHEALTHY even if UnhealthyAfter is not reached.
const grace = time.Second

// phase is the phase of the check's function.
type phase uint8

const (
	idle    phase = iota // it does not run
	waiting              // it waits for a slot
	running              // it runs, within its timeout
	stuck                // it has not returned by its timeout
	crashed              // it panicked; the supervisor will restart the owner
)

// machine decides when a check runs and what its results mean.
type machine struct {
	cfg Config

	phase     phase
	run       uint64    // number of the last run
	startedAt time.Time // of that run
	random    float64   // of the jitter, in [0, 1)
	dueAt     time.Time // of the next run; zero: when a caller asks
	staleAt   time.Time // when the last result becomes stale; zero: never

	status              messages.Status
	last                Result    // of the last run that returned or timed out
	failures, successes int       // in a row; one of them is zero
	failed              int       // failures since the last success outside of an outage
	failingSince        time.Time // when the first of those failed
	changes             []Change  // the last ones, oldest first; published, so never modified
}

// effects is what the owner must do after a step. The zero value means nothing.
type effects struct {
	publish   bool            // publish the new view
	answer    bool            // answer all callers that wait for a result
	release   bool            // release the slot
	acquire   bool            // acquire a slot, then call granted
	start     uint64          // begin the run of this number; 0: none
	changed   bool            // emit that the status changed
	from      messages.Status // the status before the change
	restarted bool            // emit that the owner was restarted
	crash     bool            // the check panicked: panic, to be restarted
}

// CopyFrom makes m equal to other. They share slices and maps, whose elements never
// change.
func (m *machine) CopyFrom(other *machine) { *m = *other }

// begin asks for a slot for the next run. The owner calls it for the first run.
func (m *machine) begin() effects {
	m.phase = waiting
	return effects{acquire: true}
}

// blocked postpones the pending run, even for OnDemand, because a check that this
// one depends on is UNHEALTHY. It runs once that has recovered.
func (m *machine) blocked(now time.Time) effects {
	m.phase = idle
	m.dueAt = now.Add(pollBlocked)
	if m.cfg.Interval != OnDemand {
		m.dueAt = now.Add(min(pollBlocked, m.cfg.Interval))
	}
	return effects{answer: true}
}

// granted begins the run for which a slot was acquired. Random is in [0, 1).
func (m *machine) granted(now time.Time, random float64) effects {
	if m.phase != waiting {
		return effects{}
	}
	m.phase = running
	if m.run%spreadOver == 0 {
		m.random = random
	}
	m.run++
	m.startedAt = now
	m.dueAt = m.next()
	return effects{start: m.run}
}

// call asks for a fresh result: it starts a run or joins the one in flight.
func (m *machine) call(now time.Time) effects {
	switch m.phase {
	case idle:
		return m.begin()
	case running:
		if m.overdue(now) {
			return m.timeout(now)
		}
	case stuck, crashed:
		return effects{answer: true}
	}
	return effects{}
}

// result handles the result of the run in flight. That of another run is ignored.
func (m *machine) result(r messages.RunResult) effects {
	if r.Run != m.run || m.phase != running && m.phase != stuck {
		return effects{}
	}
	e := effects{publish: true, answer: true, release: m.phase == running}
	late := m.phase == stuck
	m.phase = idle
	switch {
	case r.Panicked:
		m.phase = crashed
		e.crash = true
		m.observe(&e, r.At, messages.Unhealthy, "panicked: "+r.Message, r.Details)
		m.enter(&e, r.At, messages.Unhealthy)
		m.staleAt = time.Time{} // it stays UNHEALTHY until it has run again
	case late: // it has been counted as a timeout
		m.expect(r.At)
	case m.overdue(r.At):
		m.observe(&e, r.At, messages.Unhealthy, m.timedOut(), nil)
	default:
		m.observe(&e, r.At, r.Status, r.Message, r.Details)
	}
	if m.due(r.At) {
		e.acquire = m.begin().acquire
	}
	return e
}

// tick does what is due by now.
func (m *machine) tick(now time.Time) effects {
	switch {
	case m.due(now):
		return m.begin()
	case m.phase == running && m.overdue(now):
		return m.timeout(now)
	case m.phase == stuck && m.status != messages.Unhealthy && !now.Before(m.deadline().Add(grace)):
		return m.giveUp(now)
	}
	return effects{}
}

// restart resumes after a crash of the owner. A run in flight goes on. Otherwise a
// new run begins, unless the check is idle between two runs.
func (m *machine) restart(inFlight bool) effects {
	m.last.Restarts++
	e := effects{publish: true, restarted: true, release: m.phase != running || !inFlight} // the crash may have come before a release
	if m.phase == idle && m.run > 0 || inFlight {
		return e
	}
	e.acquire = m.begin().acquire
	return e
}

// timeout counts the run in flight as failed. Its function may still run.
func (m *machine) timeout(now time.Time) effects {
	m.phase = stuck
	e := effects{publish: true, answer: true, release: true}
	m.observe(&e, now, messages.Unhealthy, m.timedOut(), nil)
	return e
}

// giveUp makes a check that is stuck UNHEALTHY, because it has no further results.
func (m *machine) giveUp(now time.Time) effects {
	e := effects{publish: true}
	m.enter(&e, now, messages.Unhealthy)
	return e
}

// observe records an outcome. The message changes at once, the status when there
// are enough failures or successes in a row.
func (m *machine) observe(e *effects, now time.Time, s messages.Status, message string, details messages.Details) {
	first := m.last.Timestamp.IsZero()
	m.last.Message, m.last.Details = message, details
	m.last.Latency, m.last.Timestamp, m.last.LastRun = now.Sub(m.startedAt), now, s
	m.count(now, s == messages.Unhealthy)
	if s == messages.Unhealthy {
		m.failures, m.successes = m.failures+1, 0
		if first || m.failures >= m.cfg.UnhealthyAfter {
			m.enter(e, now, s)
		}
	} else {
		m.failures, m.successes = 0, m.successes+1
		if m.status != messages.Unhealthy || m.successes >= m.cfg.HealthyAfter {
			m.enter(e, now, s)
		}
	}
	m.dueAt = m.next()
	m.expect(now)
}

// enter is the only writer of the status.
func (m *machine) enter(e *effects, now time.Time, s messages.Status) {
	if s == m.status {
		return
	}
	if !e.changed {
		e.changed, e.from = true, m.status
	}
	m.remember(now, m.status, s)
	if m.status == messages.Unhealthy {
		m.failed = 0
	}
	m.status = s
}

// timedOut returns the message of a run that timed out.
func (m *machine) timedOut() string { return "timed out after " + seconds(m.cfg.Timeout) }

// seconds formats a duration in seconds with one decimal: "10.0s".
func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }
