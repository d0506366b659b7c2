package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows the progress of a run: as a bar on a terminal, else as a line for
// every ten samples.
type progress struct {
	w    io.Writer
	bar  *progressbar.ProgressBar // nil: lines
	seen int
}

func newProgress(w io.Writer, o options) *progress {
	p := &progress{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		p.bar = progressbar.NewOptions(int(o.duration.Seconds()), progressbar.OptionSetWriter(w), progressbar.OptionClearOnFinish())
	}
	return p
}

// show is called after every sample.
func (p *progress) show(s sample) {
	line := fmt.Sprintf("heap %.1f MiB, resident %.1f MiB, %.0f goroutines, %.0f timers, %.0f descriptors",
		s.heap/mega, s.rss/mega, s.goroutines, s.timers, s.descriptors)
	if p.bar != nil {
		p.bar.Describe(line)
		_ = p.bar.Set(int(s.at.Seconds()))
		return
	}
	if p.seen++; p.seen%10 == 1 {
		fmt.Fprintf(p.w, "%6v  %s\n", s.at.Round(time.Second), line)
	}
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
