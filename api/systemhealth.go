package api

import (
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/api/internal/healthz"
	"github.com/understudy-go/understudy/messages"
)

// Status is how a check, or the whole system, stands. String is upper case
// ("HEALTHY"), JSON lower case ("healthy").
type Status = messages.Status

// The statuses. The zero value is Unknown.
const (
	Unknown   = messages.Unknown   // no result, or none that can be trusted
	Healthy   = messages.Healthy   // all is well
	Degraded  = messages.Degraded  // it works, but not as it should
	Unhealthy = messages.Unhealthy // it does not work
)

// SystemHealth is how the system stands: UNHEALTHY if a required check is,
// else DEGRADED if any check is DEGRADED or an optional one UNHEALTHY, else
// UNKNOWN if any is, else HEALTHY.
type SystemHealth struct {
	Status    Status
	Version   string
	Uptime    time.Duration
	Timestamp time.Time
	Checks    []CheckResult // sorted by name
	// RootCauses are the checks that block others, sorted: look there first.
	RootCauses []string
	Draining   bool // Drain or Shutdown has begun: no longer ready, whatever Status says
}

// systemHealth returns a snapshot as users see it.
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

// MarshalJSON writes status, version, uptime_seconds, timestamp (RFC 3339) and
// checks: name, status, message, latency_ms and details of each; and, where
// there is something to say, flapping of each and its age_seconds (from its last
// result to timestamp, both in whole seconds), root_causes and draining.
func (s SystemHealth) MarshalJSON() ([]byte, error) {
	results := make([]health.Result, len(s.Checks))
	for i, c := range s.Checks { // as far as the JSON shows it
		results[i] = health.Result{
			Name: c.Name, Status: c.Status, Message: c.Message, Latency: c.Latency, Details: c.Details,
			Timestamp: c.Timestamp, Flapping: c.Flapping,
		}
	}
	return healthz.Snapshot{
		Status: s.Status, Version: s.Version, Uptime: s.Uptime, Timestamp: s.Timestamp,
		Checks: results, RootCauses: s.RootCauses, Draining: s.Draining,
	}.MarshalJSON()
}
