package main

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// The places of the parts of the chart, in pixels.
const (
	chartWidth  = 830.0
	panelsTop   = 92.0
	panelWidth  = 400.0
	panelHeight = 186.0
	panelSpace  = 60.0 // of a panel, left of its curve
	curveWidth  = 320.0
	curveTop    = 48.0 // in its panel
	curveHeight = 100.0
)

// shade is the background of the warm-up, which is not judged.
const shade = "#f3f4f6"

// chart draws a panel for each measure, with its samples, its trend, and the limit
// above which a trend is a leak.
func (r *report) chart() *svg {
	var sampled []int // the measures that this system can take
	for i, m := range measures {
		if m.of(r.samples[0]) >= 0 {
			sampled = append(sampled, i)
		}
	}
	rows := float64((len(sampled) + 1) / 2)
	s := newSVG(chartWidth, panelsTop+rows*panelHeight+8, "What the process held", r.heading())
	r.legend(s)
	for place, i := range sampled {
		r.panel(s, 10+panelWidth*float64(place%2), panelsTop+panelHeight*float64(place/2), i)
	}
	return s
}

func (r *report) legend(s *svg) {
	const y = 76.0
	s.line(20, y-4, 44, y-4, 1.2, blue)
	s.text(50, y, style{}, "samples")
	s.line(130, y-4, 154, y-4, 3, green)
	s.text(160, y, style{}, "trend")
	dashed(s, 222, 246, y-4)
	s.text(252, y, style{}, "limit: a trend that ends above it is a leak")
	s.add(`<rect x="616" y="%g" width="24" height="12" fill="%s"/>`, y-10, shade)
	s.text(646, y, style{}, "warm-up, not judged")
}

// panel draws the measure with that number; x, y is its upper left corner.
func (r *report) panel(s *svg, x, y float64, number int) {
	m, v := measures[number], r.verdicts[number]
	at, values := r.series(m)
	end := at[len(at)-1]
	limit := v.begin() + v.allowed
	top := nice(max(slices.Max(values), limit) / m.scale)
	c := curve{x + panelSpace, y + curveTop, end, top * m.scale}

	s.text(x+10, y+18, style{size: 13, bold: true}, m.name)
	s.text(x+10, y+36, style{size: 11, fill: grey}, m.result(v))
	s.add(`<rect x="%.1f" y="%.1f" width="%.1f" height="%g" fill="%s"/>`, c.left, c.top, c.x(min(r.warmUp, end))-c.left, curveHeight, shade)
	for _, share := range []float64{0, 0.5, 1} {
		h := c.y(share * c.high)
		s.line(c.left, h, c.left+curveWidth, h, 1, faint)
		s.text(c.left-8, h+4, style{size: 11, fill: grey, anchor: "end"}, fmt.Sprintf("%g", share*top))
	}
	s.text(c.left, c.y(0)+16, style{size: 11, fill: grey, anchor: "middle"}, "0s")
	s.text(c.left+curveWidth, c.y(0)+16, style{size: 11, fill: grey, anchor: "end"}, span(end))

	points := make([]string, len(values))
	for i, value := range values {
		points[i] = fmt.Sprintf("%.1f,%.1f", c.x(at[i]), c.y(value))
	}
	s.add(`<polyline points="%s" fill="none" stroke="%s" stroke-width="1.2"/>`, strings.Join(points, " "), blue)
	if v.judged {
		dashed(s, c.x(r.warmUp), c.x(end), c.y(limit))
		s.line(c.x(r.warmUp), c.y(v.begin()), c.x(end), c.y(v.begin()+v.growth), 3, v.colour())
	}
}

// series returns the samples of a measure. If there are many, it returns medians.
func (r *report) series(m measure) (at []time.Duration, values []float64) {
	for _, sample := range r.samples {
		at, values = append(at, sample.at), append(values, m.of(sample))
	}
	return thin(at, values, 400)
}

// result returns the verdict in words.
func (m measure) result(v verdict) string {
	if !v.judged {
		return "not judged"
	}
	return strings.TrimSpace(fmt.Sprintf("trend %+.1f, limit %+.1f %s", v.growth/m.scale, v.allowed/m.scale, m.unit))
}

func (v verdict) colour() string {
	if v.leak {
		return red
	}
	return green
}

// curve maps times and values to places in a panel.
type curve struct {
	left, top float64
	end       time.Duration
	high      float64
}

func (c curve) x(at time.Duration) float64 {
	return c.left + curveWidth*float64(at)/float64(max(c.end, 1))
}
func (c curve) y(value float64) float64 { return c.top + curveHeight*(1-value/c.high) }

func dashed(s *svg, x1, x2, y float64) {
	s.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="1.5" stroke-dasharray="5 4"/>`, x1, y, x2, y, red)
}

// nice rounds up to a number that is round and whose half is round.
func nice(value float64) float64 {
	power := math.Pow10(int(math.Floor(math.Log10(max(value, 1)))))
	for _, step := range []float64{1, 1.2, 1.6, 2, 3, 4, 5, 6, 8} {
		if value <= step*power {
			return step * power
		}
	}
	return 10 * power
}

// span writes a duration without the zeros that Duration.String ends with.
func span(d time.Duration) string {
	words := d.Round(time.Second).String()
	if strings.HasSuffix(words, "m0s") {
		words = strings.TrimSuffix(words, "0s")
	}
	if strings.HasSuffix(words, "h0m") {
		words = strings.TrimSuffix(words, "0m")
	}
	return words
}
