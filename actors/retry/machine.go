package retry

import (
	"math"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// machine decides what follows after a failed attempt. It is pure: time and random
// numbers are arguments. A copy shares no memory with the original that changes.
type machine struct {
	cfg      Config // defaults filled in
	settings uint64 // the number of cfg: it rises with each Configure
	spent    window // retries granted in the budget's window
	stats    messages.RetryStats
}

// effects is what the owner must do after a step. The zero value means nothing.
type effects struct {
	publish bool             // publish the new settings to callers
	verdict messages.Verdict // for the caller whose attempt failed
}

func newMachine(name string, cfg Config, origin time.Time) machine {
	m := machine{cfg: cfg, stats: messages.RetryStats{Name: name}}
	m.spent = window{origin: origin, width: 1}
	if cfg.Budget != nil {
		m.spent.width = cfg.Budget.spentWidth()
	}
	return m
}

// CopyFrom makes m equal to other.
func (m *machine) CopyFrom(other *machine) { *m = *other }

// failed decides what follows after an attempt has failed. Random is in [0, 1).
func (m *machine) failed(a messages.Attempt, random float64) effects {
	if a.Settings != m.settings {
		return effects{verdict: messages.Verdict{Replaced: true}}
	}
	delay := m.wait(a, random)
	switch {
	case !a.Retryable:
		return giveUp(messages.ReasonNotRetryable)
	case m.cfg.isLast(a.Number):
		m.stats.Exhausted++
		return giveUp(messages.ReasonAttempts)
	case !a.Deadline.IsZero() && a.Deadline.Sub(a.At) <= delay:
		return giveUp(messages.ReasonDeadline)
	case !m.spend(a.At, a.Calls):
		m.stats.Throttled++
		return giveUp(messages.ReasonBudget)
	}
	m.stats.Retries++
	m.stats.Waited += min(delay, math.MaxInt64-m.stats.Waited)
	return effects{verdict: messages.Verdict{Again: true, Delay: delay}}
}

func giveUp(reason string) effects {
	return effects{verdict: messages.Verdict{Reason: reason}}
}

// wait returns how long to wait: the back-off, or what the error asks for if that
// is longer, but not more than MaxDelay.
func (m *machine) wait(a messages.Attempt, random float64) time.Duration {
	return min(max(m.cfg.delay(a.Number, a.Backoff, random), a.RetryAfter), m.cfg.MaxDelay)
}

// spend counts one retry as granted if the budget allows it, and reports whether
// it does. Without a budget every retry is allowed.
func (m *machine) spend(now time.Time, calls uint64) bool {
	b := m.cfg.Budget
	if b == nil {
		return true
	}
	const rounding = 1e-9 // 0.29 × 100 calls allow 29 retries
	m.spent.advance(now)
	allowed := b.Ratio*float64(calls) + b.MinPerSecond*b.Window.Seconds()
	if float64(m.spent.sum()+1) > allowed+rounding {
		return false
	}
	m.spent.add(1)
	return true
}

// configure replaces the settings. The retries that the budget has granted in its
// window stay counted, even if the length of the window changes.
func (m *machine) configure(now time.Time, cfg Config) effects {
	if cfg.Budget != nil && cfg.Budget.spentWidth() != m.spent.width {
		m.spent = m.spent.resized(cfg.Budget.spentWidth(), now)
	}
	m.cfg = cfg
	m.settings++
	return effects{publish: true}
}
