package healthz

import (
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// Source holds what reports are made from: the checks of a system, and the facts
// about the system that reports include. Make it with NewSource. It is safe for
// concurrent use.
type Source struct {
	Set atomic.Pointer[Set] // never nil

	shared   *health.Shared
	version  string
	started  time.Time
	draining <-chan struct{}
}

// NewSource returns a Source without checks. All checks that are added to it must
// be made with shared. The system started at started, and it is draining once
// draining is closed.
func NewSource(shared *health.Shared, version string, started time.Time, draining <-chan struct{}) *Source {
	s := &Source{shared: shared, version: version, started: started, draining: draining}
	s.Set.Store(NewSet(nil))
	return s
}

// Snapshot is the health of a system at one moment. Its fields are those of
// api.SystemHealth.
type Snapshot struct {
	Status     messages.Status
	Version    string
	Uptime     time.Duration
	Timestamp  time.Time
	Checks     []health.Result
	RootCauses []string
	Draining   bool
}

// Snapshot returns the last results of the checks that are in any of the groups;
// of all checks if groups is empty. It runs no check and never blocks.
func (s *Source) Snapshot(groups ...string) Snapshot {
	return s.snapshot(s.Set.Load().union(groups), time.Now())
}

// Status returns the Status that Snapshot would report.
func (s *Source) Status(groups ...string) messages.Status {
	var all health.Overall
	now := time.Now()
	for _, c := range s.Set.Load().union(groups) {
		all.Add(c.Result(now), c.Config().Optional)
	}
	return all.Status()
}

// SnapshotOf returns a Snapshot of results that runs of these checks have just
// returned. results[i] is the result of checks[i].
func (s *Source) SnapshotOf(checks []*health.Handle, results []health.Result) Snapshot {
	now := time.Now()
	for i, c := range checks {
		results[i] = c.WithBlocker(results[i], now)
	}
	return s.fold(checks, results, now)
}

// snapshot returns the last results of some checks, as of now.
func (s *Source) snapshot(checks []*health.Handle, now time.Time) Snapshot {
	results := make([]health.Result, len(checks))
	for i, c := range checks {
		results[i] = c.Result(now)
	}
	return s.fold(checks, results, now)
}

// fold combines the results of some checks into one Snapshot.
func (s *Source) fold(checks []*health.Handle, results []health.Result, now time.Time) Snapshot {
	var all health.Overall
	for i, c := range checks {
		all.Add(results[i], c.Config().Optional)
	}
	return Snapshot{
		Status: all.Status(), Version: s.version, Uptime: now.Sub(s.started), Timestamp: now,
		Checks: results, RootCauses: all.RootCauses(), Draining: s.isDraining(),
	}
}

func (s *Source) isDraining() bool {
	select {
	case <-s.draining:
		return true
	default:
		return false
	}
}
