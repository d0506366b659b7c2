package healthz

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// renderPrometheus writes a page in the text format of Prometheus, which requires
// all samples of a metric to follow one another.
func renderPrometheus(p *page) []byte {
	b := new(bytes.Buffer)
	b.Grow(512 * len(p.Checks))
	heading(b, "understudy_health_status", "1 for the status of the system, else 0.", "gauge")
	for s, name := range statusNames {
		fmt.Fprintf(b, "understudy_health_status{status=%q} %d\n", name, b2i(messages.Status(s) == p.Status))
	}
	heading(b, "understudy_health_draining", "1 once Drain or Shutdown has begun, else 0.", "gauge")
	fmt.Fprintf(b, "understudy_health_draining %d\n", b2i(p.Draining))

	names := make([]string, len(p.Checks))
	for i, r := range p.Checks {
		names[i] = `{check="` + label(r.Name) + `"`
	}
	heading(b, "understudy_check_status", "1 for the status of the check, else 0.", "gauge")
	for i, r := range p.Checks {
		for s, name := range statusNames {
			b.WriteString("understudy_check_status")
			b.WriteString(names[i])
			b.WriteString(`,status="`)
			b.WriteString(name)
			b.WriteString(`"} `)
			b.WriteByte('0' + byte(b2i(messages.Status(s) == r.Status)))
			b.WriteByte('\n')
		}
	}
	metric := func(name, help, metricType string, value func(health.Result) float64) {
		heading(b, name, help, metricType)
		for i, r := range p.Checks {
			b.WriteString(name)
			b.WriteString(names[i])
			b.WriteString("} ")
			b.Write(strconv.AppendFloat(b.AvailableBuffer(), value(r), 'g', -1, 64))
			b.WriteByte('\n')
		}
	}
	metric("understudy_check_latency_seconds", "How long the last run took.", "gauge",
		func(r health.Result) float64 { return r.Latency.Seconds() })
	metric("understudy_check_age_seconds", "How old the last result is, in whole seconds.", "gauge",
		func(r health.Result) float64 { return float64(max(0, ageOf(r, p.Timestamp))) })
	metric("understudy_check_flapping", "1 while the status changes too often, else 0.", "gauge",
		func(r health.Result) float64 { return float64(b2i(r.Flapping)) })
	metric("understudy_check_restarts_total", "How often a supervisor restarted the check.", "counter",
		func(r health.Result) float64 { return float64(r.Restarts) })
	return b.Bytes()
}

var statusNames = [...]string{messages.Unknown: "unknown", messages.Healthy: "healthy", messages.Degraded: "degraded", messages.Unhealthy: "unhealthy"}

func heading(b *bytes.Buffer, name, help, metricType string) {
	fmt.Fprintf(b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, metricType)
}

// label returns a name as the value of a label: escaped, and quoted if it is not
// valid UTF-8, because Prometheus rejects a whole page with invalid UTF-8 in it.
func label(name string) string {
	if !utf8.ValidString(name) {
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
