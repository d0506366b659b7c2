package health

import (
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Result is the last known result of one health check.
type Result struct {
	Name      string
	Status    messages.Status
	Message   string           // why; empty when all is well
	Latency   time.Duration    // of the last run that ended or timed out
	Details   messages.Details // facts from the check; read only
	Timestamp time.Time        // when that run ended or timed out; zero: no result yet
	Age       time.Duration    // how old it was when it was read
	BlockedBy string           // the check that is UNHEALTHY and on which this one depends; empty: none
	Changes   []Change         // of the status, the last 16, oldest first; read only
	Flapping  bool             // the status changed 5 times or more within 20 intervals (OnDemand: 10 min)
	Restarts  int              // how often its supervisor restarted it
	LastRun   messages.Status  // what the last run said by itself; Status waits for UnhealthyAfter and HealthyAfter
}

// slack is how late a result may come before it reads as stale.
const slack = 5 * time.Second

// view is what the owner has published. It never changes; what depends on the
// time is worked out by the reader.
type view struct {
	result     Result
	stuckSince time.Time // the timeout of a run that has not returned; zero: none
	interval   time.Duration
	staleAt    time.Time // by then there should have been another result; zero: never

	written [kinds]atomic.Pointer[[]byte] // what Write has made of it
}

// kinds is how many ways of writing a result are remembered.
const kinds = 4

// timeless tells whether read returns the same, but for the age, as long as
// this view is the published one and not stale.
func (v *view) timeless(now time.Time) bool {
	return v.stuckSince.IsZero() && !v.stale(now) && len(v.result.Changes) < flapChanges
}

// Write appends what render makes of the result, and remembers that for the
// next time where it can. Each kind of render, from 0 to 3, must depend on
// nothing else, and not on the age.
func (h *Handle) Write(to []byte, now time.Time, kind int, render func(Result) []byte) []byte {
	v := h.view.Load()
	if !v.timeless(now) || h.blockedBy(now) != nil {
		return append(to, render(h.Amid(v.read(now), now))...)
	}
	text := v.written[kind].Load()
	if text == nil {
		made := render(v.read(now))
		text = &made
		v.written[kind].Store(text)
	}
	return append(to, *text...)
}

// view returns what the world may know.
func (m *machine) view(now time.Time) *view {
	v := &view{result: m.last, interval: m.cfg.Interval}
	v.result.Status, v.result.Changes = m.status, m.changes
	switch {
	case m.last.Timestamp.IsZero():
		v.result.Message = "no result yet"
	case m.phase == stuck:
		v.stuckSince = m.deadline()
	case m.phase != crashed && !m.dueAt.IsZero():
		from := m.dueAt
		if from.Before(now) {
			from = now
		}
		v.staleAt = from.Add(m.cfg.Timeout + slack)
	}
	return v
}

// read returns the result as it reads now.
func (v *view) read(now time.Time) Result {
	r := v.result
	if !r.Timestamp.IsZero() {
		r.Age = max(0, now.Sub(r.Timestamp))
	}
	r.Flapping = flapping(r.Changes, v.interval, now)
	if v.stuckFor(now) >= 100*time.Millisecond {
		r.Message += ", stuck for " + seconds(v.stuckFor(now))
	}
	if v.stale(now) {
		r.Status = messages.Unknown
		r.Message = "stale since " + v.staleAt.UTC().Format(time.RFC3339)
	}
	return r
}

// status returns what read says of the status, and nothing else.
func (v *view) status(now time.Time) messages.Status {
	if v.stale(now) {
		return messages.Unknown
	}
	return v.result.Status
}

func (v *view) stale(now time.Time) bool { return !v.staleAt.IsZero() && now.After(v.staleAt) }

func (v *view) stuckFor(now time.Time) time.Duration {
	if v.stuckSince.IsZero() {
		return 0
	}
	return now.Sub(v.stuckSince)
}
