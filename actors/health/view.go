package health

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Result is the last known result of one health check.
type Result struct {
	Name      string
	Status    messages.Status
	Message   string           // the reason; empty if the check succeeded
	Latency   time.Duration    // of the last run that returned or timed out
	Details   messages.Details // facts from the check; must not be modified
	Timestamp time.Time        // when that run returned or timed out; zero: no result yet
	Age       time.Duration    // time since Timestamp when the result was read
	BlockedBy string           // the root cause: the UNHEALTHY check on which this one depends; empty: none
	Changes   []Change         // of the status, the last 16, oldest first; must not be modified
	Flapping  bool             // the status changed at least 5 times within 20 intervals (OnDemand: 10 min)
	Restarts  int              // how often its supervisor restarted it
	LastRun   messages.Status  // the status of the last run alone; Status needs UnhealthyAfter or HealthyAfter of them
}

const (
	slack = 5 * time.Second        // how late the next result may be before the last one is stale
	tenth = 100 * time.Millisecond // the precision of "stuck for"
)

// view is what the owner has published. It never changes; the reader computes what
// depends on the time.
type view struct {
	staleAt    time.Time // when the result becomes stale; zero: never
	flapsUntil time.Time // until when the check counts as flapping; zero: it does not
	stuckSince time.Time // when a run that has not returned timed out; zero: there is none
	result     Result
}

// view returns what the owner publishes.
func (m *machine) view(now time.Time) *view {
	v := &view{result: m.last, flapsUntil: flapsUntil(m.changes, m.cfg.Interval)}
	v.result.Status, v.result.Changes = m.status, m.changes
	switch {
	case m.last.Timestamp.IsZero():
		v.result.Message = "no result yet"
	case m.phase == stuck:
		v.stuckSince = m.deadline()
	default:
		v.staleAt = m.staleAt
	}
	return v
}

// read returns the result as of now.
func (v *view) read(now time.Time) Result {
	r := v.result
	if !r.Timestamp.IsZero() {
		r.Age = max(0, now.Sub(r.Timestamp))
	}
	r.Flapping = v.flapping(now)
	if stuck := v.stuckFor(now); stuck > 0 {
		r.Message += ", stuck for " + seconds(stuck)
	}
	if v.stale(now) {
		r.Status = messages.Unknown
		r.Message = "stale since " + v.staleAt.UTC().Format(time.RFC3339)
	}
	return r
}

// status returns the status that read returns.
func (v *view) status(now time.Time) messages.Status {
	if v.stale(now) {
		return messages.Unknown
	}
	return v.result.Status
}

func (v *view) stale(now time.Time) bool    { return !v.staleAt.IsZero() && now.After(v.staleAt) }
func (v *view) flapping(now time.Time) bool { return !now.After(v.flapsUntil) }

// stuckFor returns how long the check has been stuck, in whole tenths of a second.
func (v *view) stuckFor(now time.Time) time.Duration {
	if v.stuckSince.IsZero() {
		return 0
	}
	return max(0, now.Sub(v.stuckSince).Truncate(tenth))
}
