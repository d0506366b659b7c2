package healthz

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/understudy-go/understudy/messages"
)

func renderJSON(p *page) []byte {
	text, _ := p.Snapshot.MarshalJSON()
	return append(text, '\n')
}

// MarshalJSON returns the JSON that api.SystemHealth.MarshalJSON documents. It
// never fails.
func (s Snapshot) MarshalJSON() ([]byte, error) {
	w := systemJSON{
		Status: s.Status, Version: s.Version, Uptime: s.Uptime.Seconds(), Timestamp: s.Timestamp.UTC().Format(time.RFC3339),
		Checks: make([]checkJSON, len(s.Checks)), RootCauses: s.RootCauses, Draining: s.Draining,
	}
	for i, r := range s.Checks {
		w.Checks[i] = checkJSON{
			Name: r.Name, Status: r.Status, Message: r.Message, Latency: milliseconds(r.Latency),
			Details: encodeDetails(r.Details), Flapping: r.Flapping, Age: ageOf(r, s.Timestamp),
		}
	}
	return json.Marshal(w)
}

type systemJSON struct {
	Status     messages.Status `json:"status"`
	Version    string          `json:"version"`
	Uptime     float64         `json:"uptime_seconds"`
	Timestamp  string          `json:"timestamp"`
	Checks     []checkJSON     `json:"checks"`
	RootCauses []string        `json:"root_causes,omitempty"`
	Draining   bool            `json:"draining,omitempty"`
}

type checkJSON struct {
	Name     string                     `json:"name"`
	Status   messages.Status            `json:"status"`
	Message  string                     `json:"message"`
	Latency  float64                    `json:"latency_ms"`
	Details  map[string]json.RawMessage `json:"details"`
	Flapping bool                       `json:"flapping,omitempty"`
	Age      age                        `json:"age_seconds,omitzero"`
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

var noDetails = map[string]json.RawMessage{}

// encodeDetails encodes each value as JSON. A value that JSON cannot encode
// becomes text.
func encodeDetails(d messages.Details) map[string]json.RawMessage {
	if len(d) == 0 {
		return noDetails
	}
	encoded := make(map[string]json.RawMessage, len(d))
	for name, v := range d {
		encoded[name] = encode(v)
	}
	return encoded
}

// encode returns v as JSON. It calls methods of the user's types, which may panic.
func encode(v any) (raw json.RawMessage) {
	defer func() {
		if recover() != nil {
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
	if err != nil { // a channel, a function or a cycle; printing a cycle would never end, so print the type
		raw, _ = json.Marshal(fmt.Sprintf("%T", v))
	}
	return raw
}

// number returns f, or its text if it is infinite or not a number.
func number(f any) any {
	if _, err := json.Marshal(f); err != nil {
		return fmt.Sprint(f)
	}
	return f
}
