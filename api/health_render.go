package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// withheld is shown instead of a reason.
const withheld = "reason withheld"

// Ways of writing a check that are remembered until it has a new result.
const (
	kindJSON = iota
	kindText
	shown = 2 // added when messages and details are shown
)

// render writes a page into b. It never fails.
func (h *Health) render(b *bytes.Buffer, p page) {
	switch p.format {
	case formatJSON:
		h.renderJSON(b, p)
	case formatIETF:
		h.renderIETF(b, p)
	case formatPrometheus:
		renderPrometheus(b, p)
	default:
		renderText(b, p)
	}
}

// results returns what p may show of its checks.
func (p page) results() []CheckResult {
	results := make([]CheckResult, len(p.checks))
	for i, c := range p.checks {
		results[i] = p.redact(c.Result(p.now))
	}
	return results
}

func (p page) redact(r CheckResult) CheckResult {
	if !p.show {
		r.Details = nil
		if r.Message != "" && r.BlockedBy == "" { // names are no secret
			r.Message = withheld
		}
	}
	return r
}

// kind tells which of the remembered texts the page wants.
func (p page) kind(kind int) int {
	if p.show {
		return kind + shown
	}
	return kind
}

// causes returns the checks that block others of the page.
func (p page) causes() (causes []string) {
	if p.status == Healthy {
		return nil
	}
	for _, c := range p.checks {
		if by := c.BlockedBy(p.now); by != "" && !slices.Contains(causes, by) {
			causes = append(causes, by)
		}
	}
	slices.Sort(causes)
	return causes
}

// renderJSON writes what SystemHealth.MarshalJSON does.
func (h *Health) renderJSON(b *bytes.Buffer, p page) {
	head := systemJSON{
		Status: p.status, Version: h.version, Uptime: p.now.Sub(h.started).Seconds(),
		Timestamp: p.now.UTC().Format(time.RFC3339), Causes: p.causes(), Draining: h.isDraining(), Checks: []checkJSON{},
	}
	around, _ := json.Marshal(head)
	before, after, _ := bytes.Cut(around, []byte(`"checks":[`))
	b.Write(before)
	b.WriteString(`"checks":[`)
	for i, c := range p.checks {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(c.Write(b.AvailableBuffer(), p.now, p.kind(kindJSON), func(r CheckResult) []byte {
			text, _ := json.Marshal(checkToJSON(p.redact(r)))
			return text
		}))
	}
	b.Write(after)
	b.WriteByte('\n')
}

// renderIETF follows the draft "Health Check Response Format for HTTP APIs".
func (h *Health) renderIETF(b *bytes.Buffer, p page) {
	type check struct {
		Status  string                     `json:"status"`
		Time    string                     `json:"time,omitempty"`
		Value   float64                    `json:"observedValue"`
		Unit    string                     `json:"observedUnit"`
		Output  string                     `json:"output,omitempty"`
		Details map[string]json.RawMessage `json:"details,omitempty"`
	}
	report := struct {
		Status  string             `json:"status"`
		Version string             `json:"releaseId"`
		Output  string             `json:"output,omitempty"`
		Checks  map[string][]check `json:"checks"`
	}{passWarnFail(p.status), h.version, p.warning, make(map[string][]check, len(p.checks))}
	if p.draining {
		report.Status, report.Output = "fail", "draining"
	}
	for _, r := range p.results() {
		c := check{Status: passWarnFail(r.Status), Value: milliseconds(r.Latency), Unit: "ms", Output: r.Message}
		if !r.Timestamp.IsZero() {
			c.Time = r.Timestamp.UTC().Format(time.RFC3339)
		}
		if len(r.Details) > 0 {
			c.Details = encodeDetails(r.Details)
		}
		report.Checks[r.Name] = []check{c}
	}
	writeJSON(b, report)
}

func passWarnFail(s Status) string {
	switch s {
	case Healthy:
		return "pass"
	case Degraded:
		return "warn"
	}
	return "fail"
}

func writeJSON(b *bytes.Buffer, v any) {
	text, err := json.Marshal(v)
	if err != nil { // nothing we write can fail; if it does, say so in JSON
		text = []byte(`{"status":"unknown"}`)
	}
	b.Write(text)
	b.WriteByte('\n')
}

// renderText writes "ok", or the checks as the Kubernetes API server does.
func renderText(b *bytes.Buffer, p page) {
	ok := serves(p.status) && !p.draining
	if ok && !p.verbose {
		b.WriteString("ok")
		return
	}
	for _, cause := range p.causes() {
		fmt.Fprintf(b, "root cause: %s\n", printable(cause))
	}
	for _, c := range p.checks {
		if p.endpoint == "startupz" {
			writeLine(b, p.redact(c.Result(p.now)), c.HasStarted(p.now))
			continue
		}
		b.Write(c.Write(b.AvailableBuffer(), p.now, p.kind(kindText), func(r CheckResult) []byte {
			var line bytes.Buffer
			writeLine(&line, p.redact(r), serves(r.Status))
			return line.Bytes()
		}))
	}
	if p.draining {
		b.WriteString("[-]shutdown failed: draining\n")
	}
	if p.warning != "" {
		fmt.Fprintf(b, "warn: %s\n", p.warning)
	}
	verdict := "failed"
	if ok {
		verdict = "passed"
	}
	fmt.Fprintf(b, "%s check %s\n", p.endpoint, verdict)
}

func writeLine(b *bytes.Buffer, r CheckResult, passed bool) {
	mark, word := "[-]", "failed"
	if passed {
		mark, word = "[+]", "ok"
	}
	fmt.Fprintf(b, "%s%s %s", mark, printable(r.Name), word)
	if r.Message != "" {
		fmt.Fprintf(b, ": %s", printable(r.Message))
	}
	if r.Flapping {
		b.WriteString(" (flapping)")
	}
	b.WriteByte('\n')
}

// renderPrometheus writes the statuses for Prometheus to scrape.
func renderPrometheus(b *bytes.Buffer, p page) {
	all := []Status{Unknown, Healthy, Degraded, Unhealthy}
	b.WriteString("# HELP understudy_health_status 1 for the status of the system, else 0.\n# TYPE understudy_health_status gauge\n")
	for _, s := range all {
		fmt.Fprintf(b, "understudy_health_status{status=%q} %d\n", lower(s), one(s == p.status))
	}
	results := p.results()
	b.WriteString("# HELP understudy_check_status 1 for the status of the check, else 0.\n# TYPE understudy_check_status gauge\n")
	for _, r := range results {
		for _, s := range all {
			fmt.Fprintf(b, "understudy_check_status{check=\"%s\",status=%q} %d\n", label.Replace(r.Name), lower(s), one(s == r.Status))
		}
	}
	gauge := func(name, help, kind string, value func(CheckResult) float64) {
		fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
		for _, r := range results {
			fmt.Fprintf(b, "%s{check=\"%s\"} %s\n", name, label.Replace(r.Name), strconv.FormatFloat(value(r), 'g', -1, 64))
		}
	}
	gauge("understudy_check_latency_seconds", "How long the last run took.", "gauge",
		func(r CheckResult) float64 { return r.Latency.Seconds() })
	gauge("understudy_check_age_seconds", "How old the last result is.", "gauge",
		func(r CheckResult) float64 { return r.Age.Seconds() })
	gauge("understudy_check_flapping", "1 while the status changes too often, else 0.", "gauge",
		func(r CheckResult) float64 { return float64(one(r.Flapping)) })
	gauge("understudy_check_restarts_total", "How often a supervisor restarted the check.", "counter",
		func(r CheckResult) float64 { return float64(r.Restarts) })
}

// label escapes a label's value as Prometheus wants it.
var label = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func lower(s Status) string { return strings.ToLower(s.String()) }

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// serves tells whether a system with that status should be sent requests.
func serves(s Status) bool { return s == Healthy || s == Degraded }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// printable quotes text that would break a line or a terminal.
func printable(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return strconv.Quote(text)
	}
	return text
}
