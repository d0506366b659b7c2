package messages

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// Status is the status of a health check or of the whole system.
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

// UnmarshalText sets the status from its name in upper, lower or mixed case. Any
// other text is an error.
func (s *Status) UnmarshalText(text []byte) error {
	for i, name := range statusNames {
		if strings.EqualFold(name, string(text)) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("unknown health status %q", Clip(string(text)))
}

// Details are facts that a health check reports in addition to its status.
type Details map[string]any

// RunNow asks a check's owner for a fresh result: it starts a run, or joins the
// one in flight.
type RunNow struct{}

// RunResult reports to a check's owner how a run of the check ended.
type RunResult struct {
	At       time.Time
	Run      uint64 // which run
	Status   Status // Healthy, Degraded or Unhealthy
	Message  string // the reason; if the check panicked, the value it panicked with
	Details  Details
	Panicked bool   // the check panicked
	Stack    string // where it panicked
}

// CheckChanged reports that a health check changed its status.
type CheckChanged struct {
	Name     string
	From, To Status
	Message  string
	At       time.Time
	Lasted   time.Duration // how long it had been From; 0 for the first result
	Failures int           // if it became UNHEALTHY or recovered: how many runs in a row had failed before
	Flapping bool          // the status changes too often to be reliable
}

func (CheckChanged) event() EventKind { return checkChanged }

// Log returns an INFO if the check is HEALTHY now, else a WARN.
func (e CheckChanged) Log() (slog.Level, string, []slog.Attr) {
	level := slog.LevelWarn
	if e.To == Healthy {
		level = slog.LevelInfo
	}
	sentence := fmt.Sprintf("Health check '%s' %s", shown(e.Name), e.To)
	if e.Message != "" {
		sentence += " - " + Printable(e.Message)
	}
	return level, sentence, []slog.Attr{
		slog.String("check", e.Name), slog.String("from", e.From.String()), slog.String("to", e.To.String())}
}

// CheckRestarted reports that a supervisor restarted a health check that panicked.
type CheckRestarted struct {
	Name     string
	Restarts int    // how often so far, this time included
	Reason   string // the message of its last result: what it panicked with
	At       time.Time
}

func (CheckRestarted) event() EventKind { return checkRestarted }

// Log returns a WARN.
func (e CheckRestarted) Log() (slog.Level, string, []slog.Attr) {
	return slog.LevelWarn, fmt.Sprintf("Health check '%s' restarted", shown(e.Name)), []slog.Attr{
		slog.String("check", e.Name), slog.Int("restarts", e.Restarts), slog.String("reason", e.Reason)}
}
