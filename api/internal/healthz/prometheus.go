package healthz

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// renderPrometheus writes a page in the text format of Prometheus, which requires
// all samples of a metric to follow one another.
func renderPrometheus(w *bufio.Writer, p *page) {
	heading(w, "understudy_health_status", "1 for the status of the system, else 0.", "gauge")
	for s, name := range statusNames {
		fmt.Fprintf(w, "understudy_health_status{status=%q} %d\n", name, b2i(messages.Status(s) == p.Status))
	}
	heading(w, "understudy_health_draining", "1 once Drain or Shutdown has begun, else 0.", "gauge")
	fmt.Fprintf(w, "understudy_health_draining %d\n", b2i(p.Draining))
	if p.shown == bare {
		return
	}
	heading(w, "understudy_check_status", "1 for the status of the check, else 0.", "gauge")
	for r := range p.each {
		check := label(r.Name)
		for s, name := range statusNames {
			w.WriteString(`understudy_check_status{check="`)
			w.WriteString(check)
			w.WriteString(`",status="`)
			w.WriteString(name)
			w.WriteString(`"} `)
			w.WriteByte('0' + byte(b2i(messages.Status(s) == r.Status)))
			if w.WriteByte('\n') != nil {
				return
			}
		}
	}
	for _, m := range metrics {
		heading(w, m.name, m.help, m.kind)
		for r := range p.each {
			w.WriteString(m.name)
			w.WriteString(`{check="`)
			w.WriteString(label(r.Name))
			w.WriteString(`"} `)
			w.Write(strconv.AppendFloat(w.AvailableBuffer(), m.value(r, p), 'g', -1, 64))
			if w.WriteByte('\n') != nil {
				return
			}
		}
	}
}

// metrics are the metrics with one sample a check.
var metrics = [...]struct {
	name, help, kind string
	value            func(health.Result, *page) float64
}{
	{"understudy_check_latency_seconds", "How long the last run took.", "gauge",
		func(r health.Result, _ *page) float64 { return r.Latency.Seconds() }},
	{"understudy_check_age_seconds", "How old the last result is, in whole seconds.", "gauge",
		func(r health.Result, p *page) float64 { return float64(max(0, ageOf(r, p.Timestamp))) }},
	{"understudy_check_flapping", "1 while the status changes too often, else 0.", "gauge",
		func(r health.Result, _ *page) float64 { return float64(b2i(r.Flapping)) }},
	{"understudy_check_restarts_total", "How often a supervisor restarted the check.", "counter",
		func(r health.Result, _ *page) float64 { return float64(r.Restarts) }},
}

var statusNames = [...]string{messages.Unknown: "unknown", messages.Healthy: "healthy", messages.Degraded: "degraded", messages.Unhealthy: "unhealthy"}

func heading(w *bufio.Writer, name, help, kind string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// label returns a name as the value of a label: escaped, and quoted if it holds what
// a terminal would obey. Line feeds are escaped by the format itself.
func label(name string) string {
	if !isPrintable(strings.ReplaceAll(name, "\n", "")) {
		name = strconv.Quote(name)
	}
	return escapes.Replace(name)
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func b2i(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
