package messages

import (
	"fmt"
	"strings"
	"time"
)

// Status is how a health check, or the whole system, stands.
type Status uint8

// The statuses. The zero value is Unknown.
const (
	Unknown Status = iota
	Healthy
	Degraded
	Unhealthy
)

var statusNames = [...]string{"UNKNOWN", "HEALTHY", "DEGRADED", "UNHEALTHY"}

// String returns the status in upper case: "HEALTHY".
func (s Status) String() string {
	if int(s) < len(statusNames) {
		return statusNames[s]
	}
	return statusNames[Unknown]
}

// MarshalText returns the status in lower case, as JSON shows it: "healthy".
func (s Status) MarshalText() ([]byte, error) {
	return []byte(strings.ToLower(s.String())), nil
}

// UnmarshalText reads a status in any case.
func (s *Status) UnmarshalText(text []byte) error {
	for i, name := range statusNames {
		if strings.EqualFold(name, string(text)) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("unknown health status %q", Clip(string(text)))
}

// Details are the facts that a health check reports beside its status.
type Details map[string]any

// RunNow asks a check's owner for a fresh result: it starts a run, or joins the
// one in flight.
type RunNow struct{}

// RunResult tells a check's owner what the check returned.
type RunResult struct {
	At       time.Time
	Run      uint64 // which run
	Status   Status // Healthy, Degraded or Unhealthy
	Message  string
	Details  Details
	Panicked bool   // the check panicked; Message says with what
	Stack    string // where it panicked
}
