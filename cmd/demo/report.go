package main

import (
	"fmt"
	"strings"
	"time"
)

// Side is one storefront's half of the table.
type Side struct {
	*Tally
	Sick int // requests that the services counted while they were not well
}

// Row is a line of the table.
type Row struct{ What, Protected, Unprotected string }

// rows compares the two storefronts. Callers that were cut off have a row only if
// there are any.
func rows(p, u Side) []Row {
	row := func(what string, show func(Side) string) Row { return Row{what, show(p), show(u)} }
	all := []Row{
		row("requests", func(s Side) string { return count(s.Requests()) }),
		row("answered", func(s Side) string { return count(s.Answered) + percent(s.Answered, s.Requests()) }),
		row("  with a fallback's help", func(s Side) string { return count(s.Fallbacks) + percent(s.Fallbacks, s.Requests()) }),
		row("failed", func(s Side) string { return count(s.Failed) + percent(s.Failed, s.Requests()) }),
		row("p50", func(s Side) string { return millis(s.Percentile(0.50)) }),
		row("p95", func(s Side) string { return millis(s.Percentile(0.95)) }),
		row("p99", func(s Side) string { return millis(s.Percentile(0.99)) }),
		row("requests that reached a sick service", func(s Side) string { return count(s.Sick) }),
		row("seconds callers waited in vain", func(s Side) string { return fmt.Sprintf("%.1f s", s.InVain.Seconds()) }),
	}
	if p.CutOff+u.CutOff > 0 {
		all = append(all, row("cut off while they waited", func(s Side) string { return count(s.CutOff) }))
	}
	return all
}

// table returns the rows as text, in columns.
func table(rows []Row) string {
	var b strings.Builder
	line := func(r Row) { fmt.Fprintf(&b, "%-38s %18s %18s\n", r.What, r.Protected, r.Unprotected) }
	rule := strings.Repeat("-", 38+1+18+1+18) + "\n"
	line(Row{"", protected, unprotected})
	b.WriteString(rule)
	for _, r := range rows {
		line(r)
	}
	b.WriteString(rule)
	return b.String()
}

// count writes a number with separators between thousands.
func count(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// percent writes a share, aligned for the table.
func percent(part, whole int) string {
	if whole == 0 {
		return ""
	}
	return fmt.Sprintf(" (%5.1f %%)", 100*float64(part)/float64(whole))
}

// millis writes a latency.
func millis(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
