package health

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/understudy-go/understudy/messages"
)

const (
	changesKept  = 16               // maximum number of changes in a result
	flapChanges  = 5                // a check flaps if its status changes so often
	flapPeriods  = 20               // within so many intervals,
	flapOnDemand = 10 * time.Minute // or within this time if it runs OnDemand
)

// Change is one change of a check's status.
type Change struct {
	From, To messages.Status
	At       time.Time
	Lasted   time.Duration // how long it had been From
	Failures int           // if it became UNHEALTHY or recovered: how many runs in a row had failed before
	Message  string        // of the result; after a recovery it begins with "recovered after 3 failures, 42.0s"
}

// remember adds a change to the history. The old history was published, so it is
// copied and not modified.
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

// recovery returns the message of a recovery: how many runs failed, for how long,
// and the message of the last result.
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

// count updates the number of failures since the last success outside of an
// outage, and the time of the first.
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

// flapsUntil returns until when the check counts as flapping; zero if it does not.
func flapsUntil(changes []Change, interval time.Duration) time.Time {
	window := flapPeriods * min(interval, math.MaxInt64/flapPeriods)
	if interval == OnDemand {
		window = flapOnDemand
	}
	if len(changes) > 0 && changes[0].From == messages.Unknown {
		changes = changes[1:] // the first result does not count as a change
	}
	if len(changes) < flapChanges {
		return time.Time{}
	}
	return changes[len(changes)-flapChanges].At.Add(window)
}
