package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// The places of the parts of the chart, in pixels.
const (
	chartWidth  = 830.0
	panelsTop   = 92.0
	panelHeight = 220.0
	plotLeft    = 76.0
	plotRight   = 806.0
	plotTop     = 32.0 // within its panel
	plotHeight  = 148.0
)

// fastest is the lower end of the axis of latencies.
const fastest = 100 * time.Microsecond

// shade is the background of the time in which the dependency is sick.
const shade = "#fde8e1"

// Chart draws a panel for each outage, with a dot for each request: when it was
// due, how long it took, and how it was answered.
func Chart(outages []Outage) *svg {
	s := newSVG(chartWidth, panelsTop+panelHeight*float64(len(outages)), "An outage, as the callers of a service see it",
		"Each dot is a request: when it was due, how long its caller waited (logarithmic), and what came back.")
	legend(s)
	top := time.Second
	for _, out := range outages {
		for _, r := range out.Replies {
			top = max(top, r.latency)
		}
	}
	for i, out := range outages {
		plot{panelsTop + panelHeight*float64(i) + plotTop, top, out}.draw(s)
	}
	return s
}

func legend(s *svg) {
	const y = 76.0
	x := 26.0
	for _, kind := range kinds {
		s.add(`<circle cx="%g" cy="%g" r="4" fill="%s"/>`, x, y-4, kind.colour)
		s.text(x+10, y, style{}, kind.name)
		x += kind.room
	}
	s.add(`<rect x="%g" y="%g" width="24" height="12" fill="%s"/>`, x-4, y-10, shade)
	s.text(x+26, y, style{}, "the dependency takes "+sickFor.String()+" and fails")
}

// kinds are the kinds of replies, each with its width in the legend.
var kinds = []struct {
	name   string
	colour string
	room   float64
	is     func(reply) bool
}{
	{"live answer", green, 128, func(r reply) bool { return r.answered && !r.fallback }},
	{"fallback", blue, 104, func(r reply) bool { return r.answered && r.fallback }},
	{"error", red, 80, func(r reply) bool { return !r.answered }},
}

// plot is the panel of one outage. Its upper edge is at y, and its axis ends at
// slowest.
type plot struct {
	y       float64
	slowest time.Duration
	Outage
}

func (p plot) atTime(d time.Duration) float64 {
	return plotLeft + (plotRight-plotLeft)*float64(d)/float64(p.Length)
}

func (p plot) atLatency(d time.Duration) float64 {
	share := math.Log(float64(max(d, fastest))/float64(fastest)) / math.Log(float64(p.slowest)/float64(fastest))
	return p.y + plotHeight*(1-share)
}

func (p plot) draw(s *svg) {
	name := "plain http.Client"
	if p.Guarded {
		name = "guarded by timeout, breaker and fallback"
	}
	s.text(20, p.y-14, style{size: 13, bold: true}, name)
	s.text(plotRight, p.y-14, style{fill: grey, anchor: "end"},
		fmt.Sprintf("answered: %s; calls to the sick dependency: %d", share(p.answered(), len(p.Replies)), p.ReachedSick))

	s.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%g" fill="%s"/>`, p.atTime(p.From), p.y, p.atTime(p.To)-p.atTime(p.From), plotHeight, shade)
	for latency := fastest; latency <= p.slowest; latency *= 10 {
		y := p.atLatency(latency)
		s.line(plotLeft, y, plotRight, y, 1, faint)
		s.text(plotLeft-8, y+4, style{size: 11, fill: grey, anchor: "end"}, latency.String())
	}
	for i := range time.Duration(7) {
		at := p.Length * i / 6
		s.text(p.atTime(at), p.y+plotHeight+18, style{size: 11, fill: grey, anchor: "middle"}, at.Round(time.Millisecond).String())
	}
	for _, kind := range kinds {
		p.dots(s, kind.colour, kind.is)
	}
}

// dots draws the replies of one kind as a path of points.
func (p plot) dots(s *svg, colour string, is func(reply) bool) {
	var path strings.Builder
	for _, r := range p.Replies {
		if is(r) {
			fmt.Fprintf(&path, "M%.1f %.1fh.1", p.atTime(r.due), p.atLatency(r.latency))
		}
	}
	s.add(`<path d="%s" stroke="%s" stroke-width="3.4" stroke-linecap="round" stroke-opacity="0.7"/>`, path.String(), colour)
}
