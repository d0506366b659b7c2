package healthz

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// Source is what reports are made from: the checks of a system, and the facts
// about the system that a report states beside them. It is safe for concurrent
// use. Make it with NewSource.
type Source struct {
	Set atomic.Pointer[Set] // never nil

	shared   *health.Shared
	version  string
	started  time.Time
	draining <-chan struct{}
}

// NewSource returns a Source without checks. The system began at started, and
// drains once draining is closed; all its checks are made with shared.
func NewSource(shared *health.Shared, version string, started time.Time, draining <-chan struct{}) *Source {
	s := &Source{shared: shared, version: version, started: started, draining: draining}
	s.Set.Store(NewSet(nil))
	return s
}

// Snapshot is how a system stood at one moment. Its fields are those of
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

// Snapshot returns the last results: of all checks, or of those in any of the
// groups. It runs nothing and never waits.
func (s *Source) Snapshot(groups ...string) Snapshot {
	return s.snapshot(s.Set.Load().union(groups), time.Now(), nil)
}

// Status returns the Status of Snapshot.
func (s *Source) Status(groups ...string) messages.Status {
	var all health.Overall
	now := time.Now()
	for _, c := range s.Set.Load().union(groups) {
		all.Add(c.Result(now), c.Config().Optional)
	}
	return all.Status()
}

// SnapshotOf returns the Snapshot of results that runs of these checks have just
// returned, one of each check.
func (s *Source) SnapshotOf(checks []*health.Handle, results []health.Result) Snapshot {
	now := time.Now()
	for i, c := range checks {
		results[i] = c.WithBlocker(results[i], now)
	}
	return s.fold(checks, results, now)
}

// snapshot returns the last results of some checks as they read now. It puts
// them into room, if they fit.
func (s *Source) snapshot(checks []*health.Handle, now time.Time, room []health.Result) Snapshot {
	results := slices.Grow(room[:0], len(checks))
	for _, c := range checks {
		results = append(results, c.Result(now))
	}
	return s.fold(checks, results, now)
}

// fold makes one Snapshot of the results of some checks.
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
