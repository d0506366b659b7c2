package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/understudy-go/understudy/actors/health"
)

// withheld is shown instead of a reason.
const withheld = "reason withheld"

// Ways of writing checks, each with messages and details or without. What
// becomes of one check in the first three is remembered until it has a new
// result; what becomes of all in any of them, until there is a new picture.
const (
	kindJSON = iota
	kindIETF
	kindText
	kindTextAged
	kindStartup
	kindPrometheus
	kinds
)

// render writes what comes before the checks of a page and, from split on, what
// comes after them, into b; lines are the checks. It never fails.
func (h *Health) render(b *bytes.Buffer, p page) (split int, lines []byte) {
	switch p.format {
	case formatJSON:
		return h.renderJSON(b, p)
	case formatIETF:
		return h.renderIETF(b, p)
	case formatPrometheus:
		return h.renderPrometheus(b, p)
	}
	return renderText(b, p)
}

// kind tells under which number a text is remembered.
func (p *page) kind(kind int) int { return 2*kind + one(p.show) }

func (p *page) redact(r CheckResult) CheckResult {
	if !p.show {
		r.Details = nil
		if r.Message != "" && r.BlockedBy == "" { // names are no secret
			r.Message = withheld
		}
	}
	return r
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
func (h *Health) renderJSON(b *bytes.Buffer, p page) (split int, lines []byte) {
	split = around(b, systemJSON{
		Status: p.status, Version: h.version, Uptime: p.now.Sub(h.started).Seconds(), Timestamp: p.now.UTC().Format(time.RFC3339),
		Causes: p.picture.causes, Draining: h.isDraining(), Checks: []checkJSON{},
	}, "[]")
	return split, p.picture.lines(p.kind(kindJSON), p.now, p.writeJSON)
}

func (p *page) writeJSON(to []byte, c *health.Seen) []byte {
	to = comma(to)
	to = c.Write(to, p.now, p.kind(kindJSON), func(r CheckResult) []byte {
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

// renderIETF follows the draft "Health Check Response Format for HTTP APIs".
func (h *Health) renderIETF(b *bytes.Buffer, p page) (split int, lines []byte) {
	report := struct {
		Status  string   `json:"status"`
		Version string   `json:"releaseId"`
		Output  string   `json:"output,omitempty"`
		Checks  struct{} `json:"checks"`
	}{Status: passWarnFail(p.status), Version: h.version, Output: p.warning}
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
	to = c.Write(to, p.now, p.kind(kindIETF), func(r CheckResult) []byte {
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

func passWarnFail(s Status) string {
	switch s {
	case Healthy:
		return "pass"
	case Degraded:
		return "warn"
	}
	return "fail"
}

// renderText writes "ok", or the checks as the Kubernetes API server does.
func renderText(b *bytes.Buffer, p page) (split int, lines []byte) {
	ok := serves(p.status) && !p.draining
	if ok && !p.verbose {
		b.WriteString("ok")
		return b.Len(), nil
	}
	if p.status != Healthy {
		for _, cause := range p.picture.causes {
			fmt.Fprintf(b, "root cause: %s\n", printable(cause))
		}
	}
	split = b.Len()
	switch p.endpoint {
	case "startupz":
		lines = p.picture.lines(p.kind(kindStartup), p.now, p.writeStartup)
	case "health":
		lines = p.picture.lines(p.kind(kindTextAged), p.now, p.writeTextAged)
	default:
		lines = p.picture.lines(p.kind(kindText), p.now, p.writeText)
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
	return split, lines
}

func (p *page) writeText(to []byte, c *health.Seen) []byte {
	return append(p.writeLine(to, c), '\n')
}

// writeTextAged is for /health: the others keep to the words of Kubernetes.
func (p *page) writeTextAged(to []byte, c *health.Seen) []byte {
	to = p.writeLine(to, c)
	if _, known := c.Age(p.now); known {
		to = append(p.writeAge(to, " (", c), "s ago)"...)
	}
	return append(to, '\n')
}

func (p *page) writeStartup(to []byte, c *health.Seen) []byte {
	return append(line(to, p.redact(c.Result(p.now)), c.Started), '\n')
}

func (p *page) writeLine(to []byte, c *health.Seen) []byte {
	return c.Write(to, p.now, p.kind(kindText), func(r CheckResult) []byte {
		return line(nil, p.redact(r), serves(r.Status))
	})
}

func line(to []byte, r CheckResult, passed bool) []byte {
	mark, word := "[-]", "failed"
	if passed {
		mark, word = "[+]", "ok"
	}
	to = fmt.Appendf(to, "%s%s %s", mark, printable(r.Name), word)
	if r.Message != "" {
		to = fmt.Appendf(to, ": %s", printable(r.Message))
	}
	if r.Flapping {
		to = append(to, " (flapping)"...)
	}
	return to
}

// serves tells whether a system with that status should be sent requests.
func serves(s Status) bool { return s == Healthy || s == Degraded }

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// printable quotes text that would break a line or a terminal, or is no UTF-8.
func printable(text string) string {
	if !utf8.ValidString(text) || strings.IndexFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) >= 0 {
		return strconv.Quote(text)
	}
	return text
}
