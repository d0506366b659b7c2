package health

import (
	"fmt"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// grace is how long a check may take to notice that its context has ended.
// After that it is stuck for good, and UNHEALTHY whatever the streak says.
const grace = time.Second

// phase is what the check's function is doing.
type phase uint8

const (
	idle    phase = iota // nothing
	waiting              // for a slot to run in
	running              // within its timeout
	stuck                // it has outlived its timeout
	crashed              // it panicked, the supervisor will restart the owner
)

// machine decides when a check runs and what its results mean.
type machine struct {
	cfg Config

	phase     phase
	run       uint64    // number of the last run begun
	startedAt time.Time // of that run
	random    float64   // of the jitter, in [0, 1)
	dueAt     time.Time // of the next run; zero: when asked
	staleAt   time.Time // when there should have been its result; zero: never

	status              messages.Status
	last                Result    // of the last run that ended, or timed out
	failures, successes int       // in a row; one of them is zero
	failed              int       // failures since all was well
	failingSince        time.Time // the first of those
	changes             []Change  // the last ones, oldest first; published, so never modified
}

// effects is what a step asks to be carried out. The zero value asks nothing.
type effects struct {
	publish   bool            // show the world the new view
	answer    bool            // answer everyone who waits for a result
	release   bool            // give the slot back
	acquire   bool            // get a slot, then call granted
	start     uint64          // begin the run of this number; 0: none
	changed   bool            // the status changed
	from      messages.Status // from this one
	restarted bool            // the owner was restarted
	crash     bool            // the check panicked: crash, to be restarted
}

// CopyFrom makes m equal to other. What its slices and maps hold is never changed.
func (m *machine) CopyFrom(other *machine) { *m = *other }

// begin asks for a slot to run in: the first run, when the check is registered.
func (m *machine) begin() effects {
	m.phase = waiting
	return effects{acquire: true}
}

// blocked puts the run that would wait for a slot off, OnDemand or not: a check
// it depends on is UNHEALTHY. It is made up for once that is well.
func (m *machine) blocked(now time.Time) effects {
	m.phase = idle
	m.dueAt = now.Add(pollBlocked)
	if m.cfg.Interval != OnDemand {
		m.dueAt = now.Add(min(pollBlocked, m.cfg.Interval))
	}
	return effects{answer: true}
}

// granted begins the run that waits for a slot. Random is in [0, 1).
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

// result takes what the run in flight returned. One of another run is stale.
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
	case late: // its timeout was counted already
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

// tick looks at what time has brought.
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

// restart goes on after a crash of the owner. The run in flight is kept if it
// has not returned; else there is a new one, unless the check is idle between
// two runs.
func (m *machine) restart(inFlight bool) effects {
	m.last.Restarts++
	e := effects{publish: true, restarted: true}
	if m.phase == idle && m.run > 0 || inFlight {
		return e
	}
	e.release = m.phase == running
	e.acquire = m.begin().acquire
	return e
}

// timeout counts the run in flight as failed; it may go on running.
func (m *machine) timeout(now time.Time) effects {
	m.phase = stuck
	e := effects{publish: true, answer: true, release: true}
	m.observe(&e, now, messages.Unhealthy, m.timedOut(), nil)
	return e
}

// giveUp stops waiting for more evidence: none will come from a stuck check.
func (m *machine) giveUp(now time.Time) effects {
	e := effects{publish: true}
	m.enter(&e, now, messages.Unhealthy)
	return e
}

// observe takes an outcome: the message at once, the status when the streak
// says so.
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

func (m *machine) timedOut() string { return "timed out after " + seconds(m.cfg.Timeout) }

// seconds prints a duration as people say it: "10.0s".
func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }
