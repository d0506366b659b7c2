package main

import (
	"cmp"
	"fmt"
	"html"
	"os"
	"strings"
)

// The colours of all charts.
const (
	ink   = "#1f2328"
	grey  = "#59636e"
	faint = "#e4e7eb"
	green = "#15803d"
	blue  = "#2563eb"
	red   = "#c2410c"
)

// svg builds an SVG image. The image has a background, and each text is placed by
// its anchor, so it is readable on any page and in any font. bench/rivals,
// bench/load and tests/soak are separate modules, and each has a copy of this file.
type svg struct{ strings.Builder }

// newSVG returns an image with a title and a line below that explains it.
func newSVG(width, height float64, title, about string) *svg {
	s := new(svg)
	s.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]g %[2]g" width="%[1]g" height="%[2]g" font-family="Helvetica, Arial, sans-serif" role="img">`, width, height)
	s.add(`<title>%s</title>`, html.EscapeString(title))
	s.add(`<rect width="%g" height="%g" rx="6" fill="#ffffff"/>`, width, height)
	s.text(20, 32, style{size: 17, bold: true}, title)
	s.text(20, 52, style{fill: grey}, about)
	return s
}

// add writes one element and a line break.
func (s *svg) add(format string, args ...any) { fmt.Fprintf(s, format+"\n", args...) }

// style is the style of a text. The zero value is dark, 12 pixels high, not bold,
// and starts at its x.
type style struct {
	size   float64
	bold   bool
	fill   string
	anchor string // "start", "middle" or "end"
}

// text writes words with the baseline at y.
func (s *svg) text(x, y float64, look style, words string) {
	weight := ""
	if look.bold {
		weight = ` font-weight="bold"`
	}
	s.add(`<text x="%.1f" y="%.1f" font-size="%g" text-anchor="%s" fill="%s"%s>%s</text>`,
		x, y, cmp.Or(look.size, 12), cmp.Or(look.anchor, "start"), cmp.Or(look.fill, ink), weight, html.EscapeString(words))
}

func (s *svg) line(x1, y1, x2, y2, width float64, stroke string) {
	s.add(`<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%g"/>`, x1, y1, x2, y2, stroke, width)
}

// save writes the image to a file.
func (s *svg) save(file string) error {
	return os.WriteFile(file, []byte(s.String()+"</svg>\n"), 0o644)
}
