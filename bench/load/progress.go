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
// each step.
type progress struct {
	w   io.Writer
	bar *progressbar.ProgressBar // nil: lines
}

func newProgress(w io.Writer, o options) *progress {
	p := &progress{w: w}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		requests := 0.0
		for _, rate := range o.rates {
			requests += 4 * float64(rate) * o.duration.Seconds()
		}
		if o.chart != "" {
			requests += 2 * float64(o.outageRate()) * o.outageLength().Seconds()
		}
		p.bar = progressbar.NewOptions(int(requests),
			progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("req"), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return p
}

// request is called after every answer.
func (p *progress) request() {
	if p.bar != nil {
		_ = p.bar.Add(1)
	}
}

// done is called after every step.
func (p *progress) done(s Step) {
	if p.bar != nil {
		p.bar.Describe(fmt.Sprintf("%s dependency, %s, %d/s", s.dependency(), s.service(), s.Rate))
		return
	}
	fmt.Fprintf(p.w, "%-7s dependency, %-7s service, %6d/s: %s answered, p99 %.1f ms\n",
		s.dependency(), s.service(), s.Rate, share(s.Answered, s.Sent), s.Percentile(99))
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
