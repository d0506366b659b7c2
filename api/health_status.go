package api

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/understudy-go/understudy/actors/health"
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

// MarshalJSON writes status, version, uptime_seconds, timestamp (RFC 3339) and
// checks: name, status, message, latency_ms and details of each; and, where
// there is something to say, flapping of each and its age_seconds (from its last
// result to timestamp, both in whole seconds), root_causes and draining.
func (s SystemHealth) MarshalJSON() ([]byte, error) {
	w := systemJSON{
		Causes: s.RootCauses, Draining: s.Draining, Status: s.Status, Version: s.Version, Uptime: s.Uptime.Seconds(),
		Timestamp: s.Timestamp.UTC().Format(time.RFC3339), Checks: make([]checkJSON, len(s.Checks)),
	}
	for i, c := range s.Checks {
		w.Checks[i] = checkToJSON(c)
		if age, known := health.Age(c.Timestamp, s.Timestamp); known {
			w.Checks[i].Age = &age
		}
	}
	return json.Marshal(w)
}

func checkToJSON(c CheckResult) checkJSON {
	return checkJSON{
		Name: c.Name, Status: c.Status, Message: c.Message, Latency: milliseconds(c.Latency),
		Details: encodeDetails(c.Details), Flapping: c.Flapping,
	}
}

type systemJSON struct {
	Status    Status      `json:"status"`
	Version   string      `json:"version"`
	Uptime    float64     `json:"uptime_seconds"`
	Timestamp string      `json:"timestamp"`
	Checks    []checkJSON `json:"checks"`
	Causes    []string    `json:"root_causes,omitempty"`
	Draining  bool        `json:"draining,omitempty"`
}

type checkJSON struct {
	Name     string                     `json:"name"`
	Status   Status                     `json:"status"`
	Message  string                     `json:"message"`
	Latency  float64                    `json:"latency_ms"`
	Details  map[string]json.RawMessage `json:"details"`
	Flapping bool                       `json:"flapping,omitempty"`
	Age      *int64                     `json:"age_seconds,omitempty"` // comes last: see page.writeJSON
}

// encodeDetails never fails: a value that JSON cannot encode becomes text.
func encodeDetails(d Details) map[string]json.RawMessage {
	encoded := make(map[string]json.RawMessage, len(d))
	for name, v := range d {
		encoded[name] = encode(v)
	}
	return encoded
}

func encode(v any) (raw json.RawMessage) {
	defer func() {
		if recover() != nil { // a MarshalJSON or Error of the user's
			raw, _ = json.Marshal(fmt.Sprintf("%T", v))
		}
	}()
	switch t := v.(type) {
	case json.Marshaler:
	case error:
		v = t.Error()
	case float64, float32:
		v = number(t)
	}
	raw, err := json.Marshal(v)
	if err != nil { // a channel, a function, a cycle: printing a cycle would never end, its type does
		raw, _ = json.Marshal(fmt.Sprintf("%T", v))
	}
	return raw
}

// number is f, or its name if it is not a number or not finite.
func number(f any) any {
	if _, err := json.Marshal(f); err != nil {
		return fmt.Sprint(f)
	}
	return f
}
