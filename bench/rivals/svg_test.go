package main

import (
	"encoding/xml"
	"os"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// drawing is what the tests read of an image.
type drawing struct {
	Width  float64 `xml:"width,attr"`
	Height float64 `xml:"height,attr"`
	Texts  []label `xml:"text"`
}

type label struct {
	X      float64 `xml:"x,attr"`
	Y      float64 `xml:"y,attr"`
	Size   float64 `xml:"font-size,attr"`
	Anchor string  `xml:"text-anchor,attr"`
	Words  string  `xml:",chardata"`
}

// box returns the space of a label. A character takes 0.65 of the font size, which
// is more than it does in usual fonts.
func (l label) box() (left, top, right, bottom float64) {
	width := 0.65 * l.Size * float64(utf8.RuneCountInString(l.Words))
	left = l.X - width*map[string]float64{"start": 0, "middle": 0.5, "end": 1}[l.Anchor]
	return left, l.Y - 0.8*l.Size, left + width, l.Y + 0.25*l.Size
}

// readable reads an image, requires that each text is inside it and overlaps no
// other text, and returns the texts.
func readable(t *testing.T, file string) (texts []string) {
	t.Helper()
	written, err := os.ReadFile(file)
	require.NoError(t, err)
	var d drawing
	require.NoError(t, xml.Unmarshal(written, &d))
	for i, one := range d.Texts {
		left, top, right, bottom := one.box()
		require.True(t, left >= 4 && top >= 4 && right <= d.Width-4 && bottom <= d.Height-4, "at the edge: %+v", one)
		for _, other := range d.Texts[:i] {
			l, t0, r, b := other.box()
			require.False(t, left < r && l < right && top < b && t0 < bottom, "overlap: %+v and %+v", one, other)
		}
		texts = append(texts, one.Words)
	}
	return texts
}
