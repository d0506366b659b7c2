package healthz

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// renderIETF follows the draft "Health Check Response Format for HTTP APIs".
func (s *Source) renderIETF(b *bytes.Buffer, p page) (split int, lines []byte) {
	report := struct {
		Status  string   `json:"status"`
		Version string   `json:"releaseId"`
		Output  string   `json:"output,omitempty"`
		Checks  struct{} `json:"checks"`
	}{Status: passWarnFail(p.status), Version: s.Version, Output: p.warning}
	if p.draining {
		report.Status, report.Output = "fail", "draining"
	}
	split = around(b, report, "{}")
	return split, p.picture.lines(p.kind(kindIETF), p.now, p.writeIETF)
}

type checkIETF struct {
	Status  string                     `json:"status"`
	Time    string                     `json:"time,omitempty"`
	Value   float64                    `json:"observedValue"`
	Unit    string                     `json:"observedUnit"`
	Output  string                     `json:"output,omitempty"`
	Details map[string]json.RawMessage `json:"details,omitempty"`
}

func (p *page) writeIETF(to []byte, c *health.Seen) []byte {
	to = comma(to)
	to = c.Write(to, p.now, p.kind(kindIETF), func(r health.Result) []byte {
		r = p.redact(r)
		one := checkIETF{Status: passWarnFail(r.Status), Value: milliseconds(r.Latency), Unit: "ms", Output: r.Message}
		if !r.Timestamp.IsZero() {
			one.Time = r.Timestamp.UTC().Format(time.RFC3339)
		}
		if len(r.Details) > 0 {
			one.Details = encodeDetails(r.Details)
		}
		name, _ := json.Marshal(r.Name)
		text, _ := json.Marshal(one)
		return bytes.Join([][]byte{name, text[:len(text)-1]}, []byte(":["))
	})
	return append(p.writeAge(to, `,"ageSeconds":`, c), '}', ']')
}

func passWarnFail(s messages.Status) string {
	switch s {
	case messages.Healthy:
		return "pass"
	case messages.Degraded:
		return "warn"
	}
	return "fail"
}
