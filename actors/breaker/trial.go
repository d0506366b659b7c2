package breaker

import (
	"fmt"
	"slices"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// This file is the machine in HALF_OPEN: the trials that show whether the
// dependency has recovered. The trials are calls; or, if the breaker has a probe,
// runs of that health check, one after the other, while calls are refused.

// trial is a call that was admitted in HALF_OPEN to test whether the dependency has
// recovered, or a run of the probe for the same purpose.
type trial struct {
	id       uint64
	deadline time.Time // the trial fails if there is no result by then
}

// recovery is what a machine holds in HALF_OPEN.
type recovery struct {
	trials    []trial // running now, the oldest first
	lastTrial uint64  // the number of the newest one
	healed    int     // how many succeeded
	failed    int     // how many failed, and were borne
	probe     string  // the health check whose runs are the trials; "": calls are
}

// noRecovery is the recovery of all machines that are not in HALF_OPEN. Nothing
// writes to it.
var noRecovery = &recovery{}

// copyOf returns a copy of o. It uses the memory of r again.
func (r *recovery) copyOf(o *recovery) *recovery {
	if o == noRecovery {
		return noRecovery
	}
	if r == nil || r == noRecovery {
		r = &recovery{}
	}
	trials := r.trials[:0]
	*r = *o
	r.trials = append(trials, o.trials...)
	return r
}

// needed returns how many more trials must succeed. After Configure it may be less
// than what has succeeded already: then the next success decides.
func (m *machine) needed() int { return max(1, m.cfg.HalfOpenMaxCalls-m.healed) }

// tryAgain enters HALF_OPEN. With a probe its first run begins at once; otherwise
// the next call is the first trial.
func (m *machine) tryAgain(now time.Time, reason string) effects {
	e := m.enter(now, messages.HalfOpen, messages.Automatic, reason)
	if m.cfg.Probe != "" {
		m.probe = m.cfg.Probe
		e.ask = m.askProbe(now)
	}
	return e
}

// begin begins a trial.
func (m *machine) begin(now time.Time) messages.Permit {
	m.lastTrial++
	m.trials = append(m.trials, trial{m.lastTrial, now.Add(m.cfg.TrialTimeout)})
	return messages.Permit{Epoch: m.epoch, Trial: m.lastTrial}
}

// askProbe begins a trial that is a run of the probe.
func (m *machine) askProbe(now time.Time) *messages.Probe {
	return &messages.Probe{Permit: m.begin(now), Check: m.probe, Until: now.Add(m.cfg.TrialTimeout)}
}

// runs reports whether p is the permit of a trial that is running.
func (m *machine) runs(p messages.Permit) bool {
	_, running := m.findTrial(p.Trial)
	return running && p.Epoch == m.epoch
}

func (m *machine) findTrial(id uint64) (index int, running bool) {
	return slices.BinarySearchFunc(m.trials, id, func(t trial, id uint64) int { return int(int64(t.id - id)) })
}

// takeTrial ends a running trial, and reports whether it was running. For 0, which is
// an ordinary call, it reports true.
func (m *machine) takeTrial(id uint64) bool {
	if id == 0 {
		return true
	}
	i, running := m.findTrial(id)
	if running {
		m.trials = slices.Delete(m.trials, i, i+1)
	}
	return running
}

// firstDeadline returns the earliest deadline of the running trials; zero if none
// runs.
func (m *machine) firstDeadline() (due time.Time) {
	for _, t := range m.trials {
		if due.IsZero() || t.deadline.Before(due) {
			due = t.deadline
		}
	}
	return due
}

func (m *machine) resultHalfOpen(now time.Time, r *messages.Result) effects {
	switch {
	case r.Outcome == messages.Failure:
		return m.trialFailed(now, opening{reason: "a trial failed", last: r.Err, atLeast: r.RetryAfter})
	case r.Slow && m.cfg.SlowCallRate > 0:
		return m.trialFailed(now, opening{reason: "a trial was slow"})
	}
	return m.heal(now)
}

// probed handles the result of a run of the probe: HEALTHY is a trial that succeeded,
// DEGRADED a slow one, UNHEALTHY one that failed. UNKNOWN means that there is no
// such check: calls are the trials from then on.
func (m *machine) probed(now time.Time, p messages.Probed) effects {
	e := m.tick(now)
	if p.Permit.Epoch != m.epoch || !m.takeTrial(p.Permit.Trial) {
		return e
	}
	switch {
	case p.Status == messages.Unhealthy, p.Status == messages.Degraded && m.cfg.SlowCallRate > 0:
		return m.trialFailed(now, opening{reason: fmt.Sprintf("%s is %v", m.tester(), p.Status)})
	case p.Status == messages.Unknown:
		e.unanswered = &messages.ProbeUnanswered{Probe: m.probe, Reason: p.Message}
		m.enter(now, messages.HalfOpen, messages.Automatic, "")
		return e
	}
	return m.heal(now)
}

// overdue handles the trials that have no result by their deadline: each has failed.
func (m *machine) overdue(now time.Time) (e effects) {
	for m.state == messages.HalfOpen {
		i := slices.IndexFunc(m.trials, func(t trial) bool { return !now.Before(t.deadline) })
		if i < 0 {
			break
		}
		m.trials = slices.Delete(m.trials, i, i+1)
		if m.probe == "" {
			m.fail(now, nil)
		}
		e = m.trialFailed(now, opening{reason: fmt.Sprintf("%s did not report within %v", m.tester(), m.cfg.TrialTimeout)})
	}
	return e
}

// heal handles a trial that succeeded. Enough of them close the circuit.
func (m *machine) heal(now time.Time) effects {
	m.healed++
	if m.healed >= m.cfg.HalfOpenMaxCalls {
		return m.enter(now, messages.Closed, messages.Automatic, "service recovered")
	}
	return m.probeAgain(now)
}

// trialFailed handles a trial that failed or was slow. More of them than are borne
// open the circuit.
func (m *machine) trialFailed(now time.Time, why opening) effects {
	m.failed++
	if m.failed > m.cfg.HalfOpenFailures {
		why.failures = m.streak
		return m.open(now, why)
	}
	return m.probeAgain(now)
}

// probeAgain begins the next run of the probe, if a probe makes the trials.
func (m *machine) probeAgain(now time.Time) effects {
	if m.probe == "" {
		return effects{}
	}
	return effects{ask: m.askProbe(now)}
}

// tester names what makes the trials, for a reason.
func (m *machine) tester() string {
	if m.probe == "" {
		return "a trial"
	}
	return "probe '" + m.probe + "'"
}
