package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/understudy-go/understudy/api"
)

// tally counts what was done.
type tally struct {
	calls, successes, refused, timeouts, exhausted, failures, ended, panics  atomic.Uint64
	permits, orders, names, runs, churned, scrapes, systems, events, dropped atomic.Uint64
	opened, late, logged                                                     atomic.Uint64
}

// answer counts the error of a call, and reports whether it is a documented one.
func (t *tally) answer(err error) bool {
	for _, known := range []struct {
		is    error
		count *atomic.Uint64
	}{
		{nil, &t.successes}, {api.ErrCircuitOpen, &t.refused}, {api.ErrTimeout, &t.timeouts}, {api.ErrExhausted, &t.exhausted},
		{context.DeadlineExceeded, &t.ended}, {context.Canceled, &t.ended}, {errDown, &t.failures},
	} {
		if errors.Is(err, known.is) {
			known.count.Add(1)
			return true
		}
	}
	return err != nil && strings.Contains(err.Error(), "runtime.Goexit")
}

// logs returns a handler that counts log lines.
func (t *tally) logs() slog.Handler { return &counter{slog.DiscardHandler, &t.logged} }

type counter struct {
	slog.Handler
	n *atomic.Uint64
}

func (*counter) Enabled(context.Context, slog.Level) bool        { return true }
func (c *counter) Handle(_ context.Context, _ slog.Record) error { c.n.Add(1); return nil }

// measure is a quantity that is sampled.
type measure struct {
	name  string
	unit  string
	scale float64
	of    func(s sample) float64
	limit limit
}

const mega = 1 << 20

var measures = []measure{
	{"live heap", "MiB", mega, func(s sample) float64 { return s.heap }, limit{2 * mega, 0.15}},
	{"the actor library's registry (up to 14 MiB)", "MiB", mega, func(s sample) float64 { return s.registry }, limit{15 * mega, 0}},
	{"resident memory", "MiB", mega, func(s sample) float64 { return s.rss }, limit{8 * mega, 0.10}},
	{"goroutines", "", 1, func(s sample) float64 { return s.goroutines }, limit{40, 0.25}},
	{"timers", "", 1, func(s sample) float64 { return s.timers }, limit{300, 0.50}},
	{"file descriptors", "", 1, func(s sample) float64 { return s.descriptors }, limit{5, 0.10}},
}

// report is the result of a soak.
type report struct {
	options  options
	warmUp   time.Duration
	took     time.Duration
	samples  []sample
	verdicts []verdict // by measure
	latency  *hdrhistogram.Histogram
	tally    *tally
	broken   []string
}

// judge judges the samples after the warm-up.
func (r *report) judge() {
	for _, m := range measures {
		var at []time.Duration
		var values []float64
		for _, s := range r.samples {
			if s.at >= r.warmUp {
				at, values = append(at, s.at), append(values, m.of(s))
			}
		}
		r.verdicts = append(r.verdicts, judge(at, values, m.limit))
	}
}

func (r *report) failed() bool {
	for _, v := range r.verdicts {
		if v.leak {
			return true
		}
	}
	return len(r.broken) > 0
}

// heading returns a line that says what was run.
func (r *report) heading() string {
	return fmt.Sprintf("Soak of %v (%v asked, warm-up %v, seed %d, %d samples)", r.took.Round(time.Second), r.options.duration, r.warmUp, r.options.seed, len(r.samples))
}

// markdown writes the report.
func (r *report) markdown(to io.Writer) error {
	var b strings.Builder
	b.WriteString(r.heading() + "\n\n")
	b.WriteString("| held | first third | last third | growth | allowed | trend | verdict |\n|---|--:|--:|--:|--:|--:|---|\n")
	for i, m := range measures {
		v := r.verdicts[i]
		show := func(value float64) string { return fmt.Sprintf("%.1f %s", value/m.scale, m.unit) }
		word := "steady"
		switch {
		case !v.judged:
			fmt.Fprintf(&b, "| %s | - | - | - | - | - | not judged |\n", m.name)
			continue
		case v.leak:
			word = "**LEAK**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %.1f | %s |\n", m.name, show(v.first), show(v.last), show(v.growth), show(v.allowed), v.trend, word)
	}
	t := r.tally
	fmt.Fprintf(&b, "\n| done | |\n|---|--:|\n")
	for _, row := range []struct {
		name  string
		count *atomic.Uint64
	}{
		{"calls", &t.calls}, {"answered", &t.successes}, {"refused by an open circuit", &t.refused}, {"timed out", &t.timeouts},
		{"retries exhausted", &t.exhausted}, {"failed", &t.failures}, {"given up by their callers", &t.ended}, {"panics that reached their callers", &t.panics},
		{"circuits opened", &t.opened}, {"late results", &t.late}, {"permits", &t.permits}, {"orders and live settings", &t.orders},
		{"uses of new names", &t.names}, {"runs of checks", &t.runs}, {"checks registered or deregistered", &t.churned}, {"HTTP requests", &t.scrapes},
		{"systems started and shut down", &t.systems}, {"events", &t.events}, {"events that a slow subscriber lost", &t.dropped}, {"log lines", &t.logged},
	} {
		fmt.Fprintf(&b, "| %s | %d |\n", row.name, row.count.Load())
	}
	fmt.Fprintf(&b, "\nCalls through a breaker whose dependency never failed: p50 %v, p99 %v, p99.9 %v, max %v, %d calls.\n",
		quantile(r.latency, 50), quantile(r.latency, 99), quantile(r.latency, 99.9), quantile(r.latency, 100), r.latency.TotalCount())
	for _, text := range r.broken {
		fmt.Fprintf(&b, "\n**BROKEN:** %s\n", text)
	}
	_, err := io.WriteString(to, b.String())
	return err
}

func quantile(h *hdrhistogram.Histogram, q float64) time.Duration {
	return time.Duration(h.ValueAtQuantile(q)).Round(10 * time.Nanosecond)
}
