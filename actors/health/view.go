package health

import (
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

const (
	slack = 5 * time.Second        // how late a result may come before it reads as stale
	tenth = 100 * time.Millisecond // how exactly it is told for how long a check has been stuck
)

// view is what the owner has published. It never changes; what depends on the
// time is worked out by the reader.
type view struct {
	staleAt    time.Time // by then there should have been another result; zero: never
	flapsUntil time.Time // the last moment at which it is flapping; zero: it is not
	stuckSince time.Time // the timeout of a run that has not returned; zero: none
	result     Result
}

// view returns what the world may know.
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

// read returns the result as it reads now.
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

// status returns what read says of the status, and nothing else.
func (v *view) status(now time.Time) messages.Status {
	if v.stale(now) {
		return messages.Unknown
	}
	return v.result.Status
}

func (v *view) stale(now time.Time) bool    { return !v.staleAt.IsZero() && now.After(v.staleAt) }
func (v *view) flapping(now time.Time) bool { return !now.After(v.flapsUntil) }

// stuckFor returns for how long the check has been stuck, in whole tenths of a second.
func (v *view) stuckFor(now time.Time) time.Duration {
	if v.stuckSince.IsZero() {
		return 0
	}
	return max(0, now.Sub(v.stuckSince).Truncate(tenth))
}
