package healthz

import (
	"bufio"
	"encoding/json"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// renderIETF writes a page in the format of the IETF draft "Health Check Response
// Format for HTTP APIs".
func renderIETF(w *bufio.Writer, p *page) {
	head := headIETF{Status: passWarnFail(p.Status)}
	if p.refusing {
		head.Status, head.Output = "fail", "draining"
	}
	if p.shown == bare {
		w.Write(marshal(head))
	} else {
		head.Version = &p.Version
		writeList(w, marshal(head), `"checks":{`)
		separator := ""
		for r := range p.each {
			w.WriteString(separator)
			separator = ","
			w.Write(marshal(r.Name))
			w.WriteString(":[")
			w.Write(marshal(ietfOf(r, p.Timestamp)))
			if w.WriteByte(']') != nil {
				return
			}
		}
		endList(w, "}", []byte("{}"))
	}
	w.WriteByte('\n')
}

// headIETF is what stands before the checks.
type headIETF struct {
	Status  string  `json:"status"`
	Version *string `json:"releaseId,omitempty"`
	Output  string  `json:"output,omitempty"`
}

// checkIETF is one check. The draft requires a list of them; it has one element.
type checkIETF struct {
	Status  string                     `json:"status"`
	Time    string                     `json:"time,omitempty"`
	Value   float64                    `json:"observedValue"`
	Unit    string                     `json:"observedUnit"`
	Output  string                     `json:"output,omitempty"`
	Details map[string]json.RawMessage `json:"details,omitempty"`
	Age     age                        `json:"ageSeconds,omitzero"`
}

func ietfOf(r health.Result, now time.Time) checkIETF {
	c := checkIETF{
		Status: passWarnFail(r.Status), Value: milliseconds(r.Latency), Unit: "ms", Output: r.Message,
		Details: encodeDetails(r.Details), Age: ageOf(r, now),
	}
	if !r.Timestamp.IsZero() {
		c.Time = r.Timestamp.UTC().Format(time.RFC3339)
	}
	return c
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
