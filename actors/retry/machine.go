package retry

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// machine decides what follows a failed attempt. It is pure: time and random
// numbers come in with each message, and a copy is a machine of its own.
type machine struct {
	cfg     Config // defaults filled in
	granted window // retries granted in the budget's window
	stats   messages.RetryStats
}

// effects is what the owner has to carry out after a step. The zero value:
// nothing.
type effects struct {
	publish bool             // callers must see the new settings
	verdict messages.Verdict // for the caller whose attempt failed
}

func newMachine(name string, cfg Config, origin time.Time) machine {
	m := machine{cfg: cfg, stats: messages.RetryStats{Name: name}}
	m.granted = window{origin: origin, width: cfg.Budget.width()}
	return m
}

// CopyFrom makes m equal to other.
func (m *machine) CopyFrom(other *machine) { *m = *other }

// failed decides what follows an attempt that failed. Random is in [0, 1).
func (m *machine) failed(a messages.Attempt, random float64) effects {
	delay := m.wait(a, random)
	switch {
	case !a.Retryable:
		return giveUp(messages.ReasonNotRetryable)
	case a.Number >= m.cfg.MaxAttempts:
		m.stats.Exhausted++
		return giveUp(messages.ReasonAttempts)
	case !a.Deadline.IsZero() && a.Deadline.Sub(a.At) <= delay:
		return giveUp(messages.ReasonDeadline)
	case !m.spend(a.At, a.Calls):
		m.stats.Throttled++
		return giveUp(messages.ReasonBudget)
	}
	m.stats.Retries++
	return effects{verdict: messages.Verdict{Again: true, Delay: delay}}
}

func giveUp(why string) effects {
	return effects{verdict: messages.Verdict{Reason: why}}
}

// wait is the back-off, or what the error asks for if that is longer.
func (m *machine) wait(a messages.Attempt, random float64) time.Duration {
	return min(max(m.cfg.delay(a.Number, random), a.RetryAfter), m.cfg.MaxDelay)
}

// spend takes one retry out of the budget, and reports whether there was one.
func (m *machine) spend(now time.Time, calls uint64) bool {
	b := m.cfg.Budget
	if b == nil {
		return true
	}
	const rounding = 1e-9 // 0.29 × 100 calls allow 29 retries
	m.granted.advance(now)
	allowed := b.Ratio*float64(calls) + b.MinPerSecond*b.Window.Seconds()
	if float64(m.granted.sum()+1) > allowed+rounding {
		return false
	}
	m.granted.add(1)
	return true
}

// configure takes new settings. What the budget has granted in its window
// stays granted, also when the window's length changes.
func (m *machine) configure(now time.Time, cfg Config) effects {
	if width := cfg.Budget.width(); width != m.granted.width {
		m.granted.advance(now)
		carried := m.granted.sum()
		m.granted = window{origin: now, width: width}
		m.granted.add(carried)
	}
	m.cfg = cfg
	return effects{publish: true}
}
