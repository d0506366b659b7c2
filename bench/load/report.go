package main

import (
	"fmt"
	"io"
	"strings"
)

func (s Step) service() string {
	if s.Guarded {
		return "guarded"
	}
	return "plain"
}

func (s Step) dependency() string {
	if s.Sick {
		return "sick"
	}
	return "healthy"
}

// Markdown writes the steps as a table. Latencies are in milliseconds.
func Markdown(w io.Writer, steps []Step) error {
	var b strings.Builder
	b.WriteString("| dependency | service | asked /s | sent | 200s | 200s /s | reached it | p50 ms | p90 | p99 | p99.9 | max |\n")
	b.WriteString("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n")
	for _, s := range steps {
		fmt.Fprintf(&b, "| %s | %s | %d | %d | %s | %.0f | %d | %.2f | %.2f | %.2f | %.2f | %.2f |\n",
			s.dependency(), s.service(), s.Rate, s.Sent, share(s.Answered, s.Sent), s.PerSecond, s.Reached,
			s.Percentile(50), s.Percentile(90), s.Percentile(99), s.Percentile(99.9), s.Percentile(100))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// share returns a part in percent, or "-" if the whole is 0.
func share(part, whole int) string {
	if whole == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f %%", 100*float64(part)/float64(whole))
}
