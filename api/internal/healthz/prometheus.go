package healthz

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// renderPrometheus writes the statuses for Prometheus to scrape.
func (s *Source) renderPrometheus(b *bytes.Buffer, p page) (split int, text []byte) {
	b.WriteString("# HELP understudy_health_status 1 for the status of the system, else 0.\n# TYPE understudy_health_status gauge\n")
	for status, name := range statusNames {
		fmt.Fprintf(b, "understudy_health_status{status=%q} %d\n", name, one(messages.Status(status) == p.status))
	}
	b.WriteString("# HELP understudy_health_draining 1 once Drain or Shutdown has begun, else 0.\n# TYPE understudy_health_draining gauge\n")
	fmt.Fprintf(b, "understudy_health_draining %d\n", one(s.draining()))
	return b.Len(), p.picture.text(p.kind(kindPrometheus), p.now, func(to []byte) []byte { return scrape(to, p.picture, p.now) })
}

var statusNames = [...]string{messages.Unknown: "unknown", messages.Healthy: "healthy", messages.Degraded: "degraded", messages.Unhealthy: "unhealthy"}

// scrape writes every metric of checks, one after the other, as the format wants it.
func scrape(to []byte, p *picture, now time.Time) []byte {
	results := p.results(now)
	names := make([]string, len(results))
	for i, r := range results {
		names[i] = `{check="` + label(r.Name) + `"`
	}
	to = append(to, "# HELP understudy_check_status 1 for the status of the check, else 0.\n# TYPE understudy_check_status gauge\n"...)
	for i, r := range results {
		for status, name := range statusNames {
			to = append(append(to, "understudy_check_status"...), names[i]...)
			to = append(append(append(to, `,status="`...), name...), `"} `...)
			to = append(to, '0'+byte(one(messages.Status(status) == r.Status)), '\n')
		}
	}
	metric := func(name, help, kind string, value func(i int) float64) {
		to = fmt.Appendf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
		for i := range results {
			to = append(append(append(to, name...), names[i]...), "} "...)
			to = append(strconv.AppendFloat(to, value(i), 'g', -1, 64), '\n')
		}
	}
	metric("understudy_check_latency_seconds", "How long the last run took.", "gauge",
		func(i int) float64 { return results[i].Latency.Seconds() })
	metric("understudy_check_age_seconds", "How old the last result is, in whole seconds.", "gauge",
		func(i int) float64 { age, _ := health.Age(results[i].Timestamp, now); return float64(age) })
	metric("understudy_check_flapping", "1 while the status changes too often, else 0.", "gauge",
		func(i int) float64 { return float64(one(results[i].Flapping)) })
	metric("understudy_check_restarts_total", "How often a supervisor restarted the check.", "counter",
		func(i int) float64 { return float64(results[i].Restarts) })
	return to
}

// label writes a label's value as Prometheus wants it: escaped, and in UTF-8,
// without which nothing of the page would be read.
func label(name string) string {
	if !utf8.ValidString(name) {
		name = strconv.Quote(name)
	}
	return escapes.Replace(name)
}

var escapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
