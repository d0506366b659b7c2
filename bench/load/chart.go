package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Chart draws the 99th percentile over the rate, one line for each service and
// state of the dependency, both axes logarithmic. The ending of the file's
// name (.svg, .png, .pdf) says how it is written.
func Chart(steps []Step, file string) error {
	p := plot.New()
	p.Title.Text = "99th percentile of latency, with and without the guard"
	p.Title.Padding = vg.Points(12)
	p.X.Label.Text = "requests per second"
	p.Y.Label.Text = "milliseconds"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{Y: 0xe8}, color.Gray{Y: 0xe8}
	p.Add(grid)

	for _, line := range []struct {
		name          string
		sick, guarded bool
		color         color.RGBA
		dashes        []vg.Length
	}{
		{"plain, sick dependency", true, false, color.RGBA{R: 0xc8, G: 0x55, B: 0x3d, A: 0xff}, nil},
		{"guarded, sick dependency", true, true, color.RGBA{R: 0x1b, G: 0x7f, B: 0x5c, A: 0xff}, nil},
		{"plain, healthy dependency", false, false, color.RGBA{R: 0xc8, G: 0x55, B: 0x3d, A: 0xff}, []vg.Length{vg.Points(4), vg.Points(3)}},
		{"guarded, healthy dependency", false, true, color.RGBA{R: 0x1b, G: 0x7f, B: 0x5c, A: 0xff}, []vg.Length{vg.Points(4), vg.Points(3)}},
	} {
		var points plotter.XYs
		for _, s := range steps {
			if s.Sick == line.sick && s.Guarded == line.guarded && s.Sent > 0 {
				points = append(points, plotter.XY{X: float64(s.Rate), Y: max(s.Percentile(99), 0.001)})
			}
		}
		if len(points) == 0 {
			continue
		}
		l, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		l.Color, l.Width, l.Dashes = line.color, vg.Points(2), line.dashes
		dots.Color, dots.Shape, dots.Radius = line.color, draw.CircleGlyph{}, vg.Points(3)
		p.Add(l, dots)
		p.Legend.Add(line.name, l, dots)
	}
	p.X.Min, p.X.Max = p.X.Min/1.3, p.X.Max*1.3 // room for a single rate too
	p.Y.Min, p.Y.Max = p.Y.Min/2, p.Y.Max*8     // and for the legend
	p.Legend.Top, p.Legend.Left = true, true
	return p.Save(20*vg.Centimeter, 13*vg.Centimeter, file)
}
