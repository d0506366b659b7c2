package main

import (
	"fmt"
	"math"
	"strings"
)

// The places of the parts of the chart, in pixels.
const (
	chartWidth = 830.0 // that of a README
	labelsEnd  = 342.0
	axisLeft   = 396.0 // of the smallest value, which is written to the left of it
	axisRight  = 656.0 // of the largest value
	axisBeyond = 36.0  // how far the axis continues at both ends
	ratiosEnd  = 812.0
	chartTop   = 108.0
	rowHeight  = 20.0
	groupSpace = 32.0 // for the heading of a group
)

// Chart draws each row as two marks on a logarithmic axis, ours and the rival's,
// with their values beside them. The line between them has the colour of the
// faster one. The string measured says where the figures come from.
func Chart(measured string, rows []Row) *svg {
	height := chartTop + 34 + rowHeight*float64(len(rows))
	for i := range rows {
		if beginsGroup(rows, i) {
			height += groupSpace
		}
	}
	s := newSVG(chartWidth, height, "Time per call: understudy and its rivals", measured)
	legend(s)
	a := axisFor(rows)
	a.draw(s, height-26)
	y := chartTop
	for i, row := range rows {
		if beginsGroup(rows, i) {
			y += groupSpace
			s.line(20, y-22, ratiosEnd, y-22, 1, faint)
			s.text(20, y-5, style{bold: true}, strings.ToUpper(row.Group[:1])+row.Group[1:])
		}
		y += rowHeight
		a.row(s, y-4, row)
	}
	return s
}

func beginsGroup(rows []Row, i int) bool { return i == 0 || rows[i].Group != rows[i-1].Group }

func legend(s *svg) {
	const y = 76
	ours(s, 26, y-4)
	s.text(38, y, style{}, "understudy")
	rival(s, 136, y-4)
	s.text(148, y, style{}, "the rival")
	s.text(ratiosEnd, y, style{fill: grey, anchor: "end"}, "nanoseconds per call, logarithmic; less is better")
	s.text(ratiosEnd, chartTop-6, style{size: 11, fill: grey, anchor: "end"}, "understudy is")
}

// axis is the logarithmic axis: low and high are its outermost values, in ns.
type axis struct{ low, high float64 }

func axisFor(rows []Row) axis {
	a := axis{math.Inf(1), 0}
	for _, row := range rows {
		a.low = min(a.low, row.OursCost.Ns, row.RivalCost.Ns)
		a.high = max(a.high, row.OursCost.Ns, row.RivalCost.Ns)
	}
	a.high = max(a.high, 2*a.low)
	return a
}

func (a axis) x(ns float64) float64 {
	return axisLeft + (axisRight-axisLeft)*math.Log(ns/a.low)/math.Log(a.high/a.low)
}

// draw draws a line down to the bottom for each power of ten. If there are many, it
// leaves some out, at regular distances.
func (a axis) draw(s *svg, bottom float64) {
	units := []string{"ns", "µs", "ms", "s"}
	step := 1 + int(math.Log10(a.high/a.low)*50/(axisRight-axisLeft))
	for power := 0; power < 3*len(units); power += step {
		x := a.x(math.Pow10(power))
		if x < axisLeft-axisBeyond || x > axisRight+axisBeyond {
			continue
		}
		words := fmt.Sprintf("%.0f %s", math.Pow10(power%3), units[power/3])
		s.line(x, chartTop, x, bottom, 1, faint)
		s.text(x, chartTop-6, style{size: 11, fill: grey, anchor: "middle"}, words)
		s.text(x, bottom+14, style{size: 11, fill: grey, anchor: "middle"}, words)
	}
}

// row draws one row with its marks at y.
func (a axis) row(s *svg, y float64, row Row) {
	ns, theirs := row.OursCost.Ns, row.RivalCost.Ns
	label, base := row.Rival.Name, y+4
	if row.Case != "" {
		label += ", " + row.Case
	}
	s.text(labelsEnd, base, style{anchor: "end"}, label)

	verdict, winner := fmt.Sprintf("%s× faster", times(theirs/ns)), green
	if ns > theirs {
		verdict, winner = fmt.Sprintf("%s× slower", times(ns/theirs)), red
	}
	s.text(ratiosEnd, base, style{fill: winner, anchor: "end"}, verdict)

	s.line(a.x(ns), y, a.x(theirs), y, 3, winner)
	rival(s, a.x(theirs), y)
	ours(s, a.x(ns), y)
	before, after := style{size: 11, fill: green, anchor: "end"}, style{size: 11, fill: red}
	left, right := ns, theirs
	if ns > theirs {
		before.fill, after.fill = red, green
		left, right = theirs, ns
	}
	s.text(a.x(left)-9, base, before, figure(left))
	s.text(a.x(right)+9, base, after, figure(right))
}

// times writes a ratio with two digits, or with more near 1.
func times(ratio float64) string {
	switch {
	case ratio < 1.995:
		return fmt.Sprintf("%.2f", ratio)
	case ratio < 9.95:
		return fmt.Sprintf("%.1f", ratio)
	}
	return fmt.Sprintf("%.0f", ratio)
}

func ours(s *svg, x, y float64) { s.add(`<circle cx="%.1f" cy="%.1f" r="5" fill="%s"/>`, x, y, green) }

func rival(s *svg, x, y float64) {
	s.add(`<rect x="%.1f" y="%.1f" width="9" height="9" fill="%s"/>`, x-4.5, y-4.5, red)
}
