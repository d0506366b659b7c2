package healthz

import (
	"bufio"
	"bytes"
	"encoding/json"
	"iter"
	"slices"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

func renderJSON(w *bufio.Writer, p *page) {
	if p.shown == bare {
		w.Write(marshal(bareJSON{p.Status, p.Draining}))
	} else {
		writeJSON(w, p.Snapshot, p.each)
	}
	w.WriteByte('\n')
}

// MarshalJSON returns the JSON that api.SystemHealth.MarshalJSON documents. It
// never fails.
func (s Snapshot) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	w := bufio.NewWriter(&b)
	writeJSON(w, s, slices.Values(s.Checks))
	err := w.Flush()
	return b.Bytes(), err
}

// writeJSON writes s with the checks that are given.
func writeJSON(w *bufio.Writer, s Snapshot, checks iter.Seq[health.Result]) {
	writeList(w, marshal(headJSON{s.Status, s.Version, s.Uptime.Seconds(), s.Timestamp.UTC().Format(time.RFC3339)}), `"checks":[`)
	separator := ""
	for r := range checks {
		w.WriteString(separator)
		separator = ","
		if _, err := w.Write(marshal(jsonOf(r, s.Timestamp))); err != nil {
			return
		}
	}
	endList(w, "]", marshal(tailJSON{s.RootCauses, s.Draining}))
}

// writeList writes an object up to the elements of a list at its end.
func writeList(w *bufio.Writer, head []byte, list string) {
	w.Write(head[:len(head)-1]) // without the last brace
	w.WriteByte(',')
	w.WriteString(list)
}

// endList ends the list that writeList began, and adds the members of tail to the
// object.
func endList(w *bufio.Writer, end string, tail []byte) {
	w.WriteString(end)
	if len(tail) > len("{}") {
		w.WriteByte(',')
	}
	w.Write(tail[1:]) // without the first brace
}

type bareJSON struct {
	Status   messages.Status `json:"status"`
	Draining bool            `json:"draining,omitempty"`
}

// headJSON and tailJSON are what stands before and after the checks.
type (
	headJSON struct {
		Status    messages.Status `json:"status"`
		Version   string          `json:"version"`
		Uptime    float64         `json:"uptime_seconds"`
		Timestamp string          `json:"timestamp"`
	}
	tailJSON struct {
		RootCauses []string `json:"root_causes,omitempty"`
		Draining   bool     `json:"draining,omitempty"`
	}
)

type checkJSON struct {
	Name     string                     `json:"name"`
	Status   messages.Status            `json:"status"`
	Message  string                     `json:"message"`
	Latency  float64                    `json:"latency_ms"`
	Details  map[string]json.RawMessage `json:"details"`
	Flapping bool                       `json:"flapping,omitempty"`
	Age      age                        `json:"age_seconds,omitzero"`
}

func jsonOf(r health.Result, now time.Time) checkJSON {
	return checkJSON{
		Name: r.Name, Status: r.Status, Message: r.Message, Latency: milliseconds(r.Latency),
		Details: encodeDetails(r.Details), Flapping: r.Flapping, Age: ageOf(r, now),
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
