package main

import (
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var (
	oursColor  = color.RGBA{R: 0x1b, G: 0x7f, B: 0x5c, A: 0xff}
	rivalColor = color.RGBA{R: 0xc8, G: 0x55, B: 0x3d, A: 0xff}
	pathColor  = color.Gray{Y: 0xc0}
)

// Chart draws every pair as two dots on one line, on a logarithmic axis: the
// farther ours lies to the left, the better. The ending of the file's name
// (.svg, .png, .pdf) says how it is written.
func Chart(rows []Row, file string) error {
	p := plot.New()
	p.Title.Text = "Time per call: understudy and its rivals"
	p.Title.Padding = vg.Points(12)
	p.X.Label.Text = "nanoseconds per call (logarithmic)"
	p.X.Scale = plot.LogScale{}
	p.X.Tick.Marker = plot.LogTicks{Prec: -1}
	p.Add(grid())

	names := make([]string, len(rows))
	var ours, rivals plotter.XYs
	for i, row := range rows {
		y := float64(len(rows) - 1 - i) // the first row on top
		names[len(rows)-1-i] = fmt.Sprintf("%s  /  %s", row.Work(), row.Rival.Name)
		a, b := plotter.XY{X: row.OursCost.Ns, Y: y}, plotter.XY{X: row.RivalCost.Ns, Y: y}
		ours, rivals = append(ours, a), append(rivals, b)
		path, err := plotter.NewLine(plotter.XYs{a, b})
		if err != nil {
			return err
		}
		path.Color, path.Width = pathColor, vg.Points(2)
		p.Add(path)
	}
	for _, dots := range []struct {
		name   string
		points plotter.XYs
		color  color.Color
		shape  draw.GlyphDrawer
	}{{"understudy", ours, oursColor, draw.CircleGlyph{}}, {"rival", rivals, rivalColor, draw.BoxGlyph{}}} {
		s, err := plotter.NewScatter(dots.points)
		if err != nil {
			return err
		}
		s.GlyphStyle = draw.GlyphStyle{Color: dots.color, Radius: vg.Points(4), Shape: dots.shape}
		p.Add(s)
		p.Legend.Add(dots.name, s)
	}
	p.NominalY(names...)
	p.Y.Tick.Label.Font.Size = font.Length(9)
	p.Y.Label.Text = " "                            // keeps the longest name off the edge
	p.Y.Min, p.Y.Max = -0.7, float64(len(rows))+0.7 // room for the legend
	p.Legend.Top = true
	return p.Save(25*vg.Centimeter, vg.Length(len(rows))*0.7*vg.Centimeter+4*vg.Centimeter, file)
}

// grid is faint and vertical.
func grid() *plotter.Grid {
	g := plotter.NewGrid()
	g.Vertical.Color = color.Gray{Y: 0xe8}
	g.Horizontal.Color = nil
	return g
}
