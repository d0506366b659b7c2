package main

import (
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Report is the result of one run.
type Report struct {
	When   time.Time
	Clock  Clock
	Floors []Finding
	Rows   []Row
	Outage []Finding
	Scale  []Finding
}

// Misses returns every target that was missed.
func (r Report) Misses() []string {
	var misses []string
	for _, row := range r.Rows {
		if m := row.Misses(); m != "" {
			misses = append(misses, fmt.Sprintf("%s, against %s: %s", row.Work(), row.Rival.Name, m))
		}
	}
	for _, f := range slices.Concat(r.Floors, r.Outage, r.Scale) {
		if f.Missed() {
			misses = append(misses, fmt.Sprintf("%s: %s, at most %s", f.What, amount(f.Value, f.Unit), amount(f.Limit, f.Unit)))
		}
	}
	return misses
}

// measured returns when, where and how the report was made.
func (r Report) measured() string {
	return fmt.Sprintf("Measured %s: %s, %s/%s, %d cores, medians of %d rounds of %v, in turn.",
		r.When.Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), r.Clock.Rounds, r.Clock.Slice)
}

// Markdown writes the report as tables.
func (r Report) Markdown(w io.Writer) error {
	var b strings.Builder
	b.WriteString(r.measured() + "\n\n")
	b.WriteString("| work | ours | rival | ns ours | ns rival | ratio | at most | allocs | bytes |\n")
	b.WriteString("|---|---|---|--:|--:|--:|--:|--:|--:|\n")
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s ± %.0f %% | %s | %s / %s | %s / %s |\n",
			row.Work(), row.Ours.Name, row.Rival.Name,
			figure(row.OursCost.Ns), figure(row.RivalCost.Ns), figure(row.Ratio()), 100*row.Spread, row.verdict(),
			figure(row.OursCost.Allocs), figure(row.RivalCost.Allocs),
			figure(row.OursCost.Bytes), figure(row.RivalCost.Bytes))
	}
	findings(&b, "the floor: what the machine itself takes", r.Floors)
	findings(&b, "an outage: what calls cost while a dependency is down", r.Outage)
	findings(&b, "scale", r.Scale)
	_, err := io.WriteString(w, b.String())
	return err
}

// verdict returns the target, and whether it was met.
func (r Row) verdict() string {
	if r.Target == 0 {
		return ""
	}
	if m := r.Misses(); m != "" {
		return figure(r.Target) + " **" + m + "**"
	}
	return figure(r.Target) + " ✓"
}

func findings(b *strings.Builder, title string, all []Finding) {
	fmt.Fprintf(b, "\n| %s | | at most |\n|---|--:|--:|\n", title)
	for _, f := range all {
		limit := ""
		switch {
		case f.Missed():
			limit = amount(f.Limit, f.Unit) + " **missed**"
		case f.Limit > 0:
			limit = amount(f.Limit, f.Unit) + " ✓"
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", f.What, amount(f.Value, f.Unit), limit)
	}
}

func amount(v float64, unit string) string { return strings.TrimSpace(figure(v) + " " + unit) }

// figure writes a number with about three significant digits, and numbers near 0
// as 0.
func figure(v float64) string {
	switch {
	case v < 0.0005:
		return "0"
	case v < 0.1:
		return fmt.Sprintf("%.3f", v)
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
