package api

import (
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/api/internal/healthz"
	"github.com/understudy-go/understudy/messages"
)

// Status is the health of a check or of the whole system. String returns upper case
// ("HEALTHY"); in JSON it is lower case ("healthy").
type Status = messages.Status

// The statuses. The zero value is Unknown.
const (
	Unknown   = messages.Unknown   // there is no result, or it is too old
	Healthy   = messages.Healthy   // it works
	Degraded  = messages.Degraded  // it works, but not as it should
	Unhealthy = messages.Unhealthy // it does not work
)

// SystemHealth is the health of a system. Its Status is UNHEALTHY if a check that is
// not Optional is UNHEALTHY; else DEGRADED if a check is DEGRADED or an Optional one
// UNHEALTHY; else UNKNOWN if a check is UNKNOWN; else HEALTHY.
type SystemHealth struct {
	Status    Status
	Version   string
	Uptime    time.Duration
	Timestamp time.Time
	Checks    []CheckResult // sorted by name
	// RootCauses are the names of the checks that block others, sorted. Repair them first.
	RootCauses []string
	Draining   bool // Drain or Shutdown has begun: the system is not ready, whatever its Status
}

// systemHealth converts a snapshot to the type that users see.
func systemHealth(s healthz.Snapshot) SystemHealth {
	checks := make([]CheckResult, len(s.Checks))
	for i, r := range s.Checks {
		checks[i] = checkResult(r)
	}
	return SystemHealth{
		Status: s.Status, Version: s.Version, Uptime: s.Uptime, Timestamp: s.Timestamp,
		Checks: checks, RootCauses: s.RootCauses, Draining: s.Draining,
	}
}

// MarshalJSON returns an object with status, version, uptime_seconds, timestamp (RFC
// 3339) and checks. Each check has name, status, message, latency_ms and details; it
// has age_seconds (from its last result to timestamp, both in whole seconds) if it
// has a result, and flapping if that is true. The object has root_causes if there
// are any, and draining if that is true. There is no error: Details that a run did
// not return are limited as those of a run are.
func (s SystemHealth) MarshalJSON() ([]byte, error) {
	results := make([]health.Result, len(s.Checks))
	for i, c := range s.Checks { // only the fields that the JSON shows
		results[i] = health.Result{
			Name: c.Name, Status: c.Status, Message: c.Message, Latency: c.Latency, Details: health.Bounded(c.Details),
			Timestamp: c.Timestamp, Flapping: c.Flapping,
		}
	}
	return healthz.Snapshot{
		Status: s.Status, Version: s.Version, Uptime: s.Uptime, Timestamp: s.Timestamp,
		Checks: results, RootCauses: s.RootCauses, Draining: s.Draining,
	}.MarshalJSON()
}
