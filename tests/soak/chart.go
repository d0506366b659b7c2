package main

import (
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

var colours = []color.RGBA{
	{R: 0x1b, G: 0x7f, B: 0x5c, A: 0xff}, {R: 0xc8, G: 0x55, B: 0x3d, A: 0xff}, {R: 0x2b, G: 0x59, B: 0xc3, A: 0xff},
	{R: 0x7f, G: 0x7f, B: 0x7f, A: 0xff}, {R: 0x8e, G: 0x44, B: 0xad, A: 0xff}, {R: 0xb8, G: 0x86, B: 0x0b, A: 0xff},
}

// draw draws each measure over time, as a share of its median, so that one
// axis serves them all and a leak is a line that climbs. The ending of the
// file's name (.svg, .png, .pdf) says how it is written.
func (r *report) draw(file string) error {
	p := plot.New()
	p.Title.Text = "What the process holds"
	p.Title.Padding = vg.Points(12)
	p.X.Label.Text = "seconds"
	p.Y.Label.Text = "share of the median"
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{Y: 0xe8}, color.Gray{Y: 0xe8}
	p.Add(grid)
	for i, m := range measures {
		values := make([]float64, len(r.samples))
		for j, s := range r.samples {
			values[j] = m.of(s)
		}
		middle := median(values)
		if slices.Min(values) < 0 || middle <= 0 {
			continue
		}
		points := make(plotter.XYs, len(values))
		for j, s := range r.samples {
			points[j] = plotter.XY{X: s.at.Seconds(), Y: values[j] / middle}
		}
		line, err := plotter.NewLine(points)
		if err != nil {
			return err
		}
		line.Color, line.Width = colours[i], vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(m.name, line)
	}
	warm, err := plotter.NewLine(plotter.XYs{{X: r.warmUp.Seconds(), Y: 0}, {X: r.warmUp.Seconds(), Y: 2}})
	if err != nil {
		return err
	}
	warm.Color, warm.Dashes = color.Gray{Y: 0x80}, []vg.Length{vg.Points(4), vg.Points(3)}
	p.Add(warm)
	p.Legend.Add("end of the warm-up", warm)
	p.Legend.Top, p.Legend.Left = true, true
	p.Y.Min, p.Y.Max = 0, max(2, p.Y.Max*1.3)
	return p.Save(20*vg.Centimeter, 13*vg.Centimeter, file)
}
