package breaker

import (
	"fmt"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// This file is how results are counted, and what opens a circuit that is CLOSED.

func (m *machine) count(now time.Time, r *messages.Result) {
	switch r.Outcome {
	case messages.Success:
		m.totals.Successes++
		m.streak = 0
	case messages.Failure:
		m.fail(now, r.Err)
	case messages.Ignored:
		m.totals.Ignored++
		return
	}
	if r.Slow {
		m.totals.Slow++
	}
}

// fail counts a failure. If the first failure of the streak is too old, this is the
// first one of another.
func (m *machine) fail(now time.Time, err error) {
	at := now.UnixNano()
	m.totals.Failures++
	m.lastFailure, m.lastFailureAt = err, at
	if m.cfg.FailureWindow > 0 && time.Duration(at-m.began) > m.cfg.FailureWindow {
		m.streak = 0
	}
	if m.streak == 0 {
		m.began = at
	}
	m.streak++
}

func (m *machine) resultClosed(r *messages.Result) {
	m.awake = true
	m.window.add(r.Outcome == messages.Failure, r.Slow)
}

// opening is why a circuit opens by itself.
type opening struct {
	reason   string
	failures int           // that count towards it
	last     error         // the failure that opens it; nil: none
	atLeast  time.Duration // that it stays open
}

// reasonToOpen returns why the streak or a rate opens the circuit; nil if none does.
func (m *machine) reasonToOpen() *opening {
	if m.cfg.FailureThreshold != Off && m.streak >= m.cfg.FailureThreshold {
		return &opening{reason: plural(m.streak, "failure"), failures: m.streak, last: m.lastFailure}
	}
	w := m.window.held()
	if w.calls < m.cfg.MinimumCalls {
		return nil
	}
	if reaches(w.failures, w.calls, m.cfg.FailureRate) {
		return &opening{reason: fmt.Sprintf("%s in %d calls", plural(w.failures, "failure"), w.calls), failures: w.failures, last: m.lastFailure}
	}
	if reaches(w.slow, w.calls, m.cfg.SlowCallRate) {
		return &opening{reason: fmt.Sprintf("%s in %d", plural(w.slow, "slow call"), w.calls), failures: w.failures}
	}
	return nil
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
