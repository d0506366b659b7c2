package healthz

import (
	"encoding/json"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// renderIETF writes a page in the format of the IETF draft "Health Check Response
// Format for HTTP APIs".
func renderIETF(p *page) []byte {
	report := systemIETF{Status: passWarnFail(p.Status), Version: p.Version, Output: p.warning, Checks: map[string][1]checkIETF{}}
	if p.refusing {
		report.Status, report.Output = "fail", "draining"
	}
	for _, r := range p.Checks {
		c := checkIETF{
			Status: passWarnFail(r.Status), Value: milliseconds(r.Latency), Unit: "ms", Output: r.Message,
			Details: encodeDetails(r.Details), Age: ageOf(r, p.Timestamp),
		}
		if !r.Timestamp.IsZero() {
			c.Time = r.Timestamp.UTC().Format(time.RFC3339)
		}
		report.Checks[r.Name] = [1]checkIETF{c}
	}
	text, _ := json.Marshal(report)
	return append(text, '\n')
}

type systemIETF struct {
	Status  string                  `json:"status"`
	Version string                  `json:"releaseId"`
	Output  string                  `json:"output,omitempty"`
	Checks  map[string][1]checkIETF `json:"checks"` // the draft requires a list; each has one element
}

type checkIETF struct {
	Status  string                     `json:"status"`
	Time    string                     `json:"time,omitempty"`
	Value   float64                    `json:"observedValue"`
	Unit    string                     `json:"observedUnit"`
	Output  string                     `json:"output,omitempty"`
	Details map[string]json.RawMessage `json:"details,omitempty"`
	Age     age                        `json:"ageSeconds,omitzero"`
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
