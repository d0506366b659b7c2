package healthz

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// MarshalJSON is documented at api.SystemHealth.
func (s Snapshot) MarshalJSON() ([]byte, error) {
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

func checkToJSON(c health.Result) checkJSON {
	return checkJSON{
		Name: c.Name, Status: c.Status, Message: c.Message, Latency: milliseconds(c.Latency),
		Details: encodeDetails(c.Details), Flapping: c.Flapping,
	}
}

type systemJSON struct {
	Status    messages.Status `json:"status"`
	Version   string          `json:"version"`
	Uptime    float64         `json:"uptime_seconds"`
	Timestamp string          `json:"timestamp"`
	Checks    []checkJSON     `json:"checks"`
	Causes    []string        `json:"root_causes,omitempty"`
	Draining  bool            `json:"draining,omitempty"`
}

type checkJSON struct {
	Name     string                     `json:"name"`
	Status   messages.Status            `json:"status"`
	Message  string                     `json:"message"`
	Latency  float64                    `json:"latency_ms"`
	Details  map[string]json.RawMessage `json:"details"`
	Flapping bool                       `json:"flapping,omitempty"`
	Age      *int64                     `json:"age_seconds,omitempty"` // comes last: see page.writeJSON
}

// encodeDetails never fails: a value that JSON cannot encode becomes text.
func encodeDetails(d messages.Details) map[string]json.RawMessage {
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

// around writes what JSON has before and after the contents of "checks", which
// are empty in report.
func around(b *bytes.Buffer, report any, brackets string) (split int) {
	text, _ := json.Marshal(report)
	before, after, _ := bytes.Cut(text, []byte(`"checks":`+brackets))
	b.Write(before)
	b.WriteString(`"checks":` + brackets[:1])
	split = b.Len()
	b.WriteString(brackets[1:])
	b.Write(after)
	b.WriteByte('\n')
	return split
}

// renderJSON writes what SystemHealth.MarshalJSON does.
func (s *Source) renderJSON(b *bytes.Buffer, p page) (split int, lines []byte) {
	split = around(b, systemJSON{
		Status: p.status, Version: s.Version, Uptime: p.now.Sub(s.Started).Seconds(), Timestamp: p.now.UTC().Format(time.RFC3339),
		Causes: p.picture.causes, Draining: s.draining(), Checks: []checkJSON{},
	}, "[]")
	return split, p.picture.lines(p.kind(kindJSON), p.now, p.writeJSON)
}

func (p *page) writeJSON(to []byte, c *health.Seen) []byte {
	to = comma(to)
	to = c.Write(to, p.now, p.kind(kindJSON), func(r health.Result) []byte {
		text, _ := json.Marshal(checkToJSON(p.redact(r)))
		return text[:len(text)-1]
	})
	return append(p.writeAge(to, `,"age_seconds":`, c), '}')
}

func comma(to []byte) []byte {
	if len(to) > 0 {
		to = append(to, ',')
	}
	return to
}

// writeAge writes how old the result of c is, if there is one.
func (p *page) writeAge(to []byte, before string, c *health.Seen) []byte {
	if age, known := c.Age(p.now); known {
		to = strconv.AppendInt(append(to, before...), age, 10)
	}
	return to
}
