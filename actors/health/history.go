package health

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/understudy-go/understudy/messages"
)

const (
	changesKept  = 16 // of each check
	flapChanges  = 5  // so many changes within
	flapPeriods  = 20 // so many intervals are flapping
	flapOnDemand = 10 * time.Minute
)

// Change is one change of a check's status.
type Change struct {
	From, To messages.Status
	At       time.Time
	Lasted   time.Duration // how long it had been From
	Failures int           // runs that failed in a row until then, when it became UNHEALTHY or recovered
	Message  string        // why; "recovered after 3 failures, 42.0s" when it recovered
}

// remember puts a change into the history, which was published: a new one.
func (m *machine) remember(now time.Time, from, to messages.Status) {
	c := Change{From: from, To: to, At: now, Message: m.last.Message, Failures: m.failed}
	if n := len(m.changes); n > 0 {
		c.Lasted = now.Sub(m.changes[n-1].At)
	}
	if from == messages.Unhealthy {
		c.Message = m.recovery(now)
	}
	kept := m.changes[max(0, len(m.changes)-changesKept+1):]
	m.changes = append(slices.Clone(kept), c)
}

// recovery puts into words what ends with this recovery.
func (m *machine) recovery(now time.Time) string {
	failures := "1 failure"
	if m.failed != 1 {
		failures = fmt.Sprintf("%d failures", m.failed)
	}
	message := fmt.Sprintf("recovered after %s, %s", failures, seconds(now.Sub(m.failingSince)))
	if m.last.Message != "" {
		message += ": " + m.last.Message
	}
	return message
}

// count keeps the number of failures since the last time all was well.
func (m *machine) count(now time.Time, failed bool) {
	switch {
	case !failed && m.status != messages.Unhealthy:
		m.failed = 0
	case failed && m.failed == 0:
		m.failed, m.failingSince = 1, now
	case failed:
		m.failed++
	}
}

// flapsUntil returns the last moment at which the status has changed too often
// of late to be believed; zero: it has not.
func flapsUntil(changes []Change, interval time.Duration) time.Time {
	window := flapPeriods * min(interval, math.MaxInt64/flapPeriods)
	if interval == OnDemand {
		window = flapOnDemand
	}
	if len(changes) > 0 && changes[0].From == messages.Unknown {
		changes = changes[1:] // the first result is no change
	}
	if len(changes) < flapChanges {
		return time.Time{}
	}
	return changes[len(changes)-flapChanges].At.Add(window)
}
