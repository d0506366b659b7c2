// Command rivals compares understudy with other resilience libraries for Go. It
// times each pair in turn, in several rounds of one run, and prints medians,
// ratios, allocations and bytes. It exits with 1 if a target is missed.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// options are the settings of the command line.
type options struct {
	clock    Clock
	breakers int  // in the section on scale; 0: leave it out
	callers  int  // that fail at once
	quick    bool // a short run, without targets
	only     *regexp.Regexp
	markdown string
	chart    string
	from     string // tables of an earlier run to draw; "": measure
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run is main without the process. It returns 0, or 1 if a target is missed or
// something fails, and 2 if the command line is wrong.
func run(args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "rivals:", err)
		return 2
	}
	if opts.from != "" {
		if err := redraw(opts.from, opts.chart); err != nil {
			fmt.Fprintln(stderr, "rivals:", err)
			return 1
		}
		return 0
	}
	report, err := compare(opts, stderr)
	if err == nil {
		err = publish(report, opts, stdout)
	}
	if err != nil {
		fmt.Fprintln(stderr, "rivals:", err)
		return 1
	}
	if opts.quick {
		fmt.Fprintln(stderr, "quick: the figures above mean nothing, and nothing was judged")
		return 0
	}
	misses := report.Misses()
	for _, m := range misses {
		fmt.Fprintln(stderr, "missed:", m)
	}
	if len(misses) > 0 {
		return 1
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("rivals", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.IntVar(&o.clock.Rounds, "rounds", 51, "how often each pair is timed in turn")
	fs.DurationVar(&o.clock.Slice, "slice", 10*time.Millisecond, "how long one contender runs in one round")
	fs.IntVar(&o.breakers, "breakers", 1_000_000, "breakers in the section on scale; 0 leaves it out")
	fs.IntVar(&o.callers, "callers", 10_000, "goroutines that fail at once on one breaker; 0 leaves it out")
	fs.BoolVar(&o.quick, "quick", false, "a short run, without targets")
	only := fs.String("only", "", "time only the pairs whose work or rival matches this regular expression")
	fs.StringVar(&o.markdown, "markdown", "", "write the tables to this `file` as well")
	fs.StringVar(&o.chart, "chart", "", "draw the pairs into this `file`, an .svg")
	fs.StringVar(&o.from, "from", "", "measure nothing: draw the -chart from the tables in this `file`, which -markdown wrote")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fs.SetOutput(stderr)
			fs.Usage()
		}
		return o, err
	}
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		return o, fmt.Errorf("-only: %w", err)
	}
	if o.quick {
		o.clock = Clock{Rounds: 1, Slice: 200 * time.Microsecond}
		o.breakers, o.callers = min(o.breakers, 1000), min(o.callers, 100)
	}
	return o, o.validate(fs.Args())
}

func (o options) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.clock.Rounds < 1 || o.clock.Rounds > 10_000:
		return fmt.Errorf("-rounds %d: want 1 to 10000", o.clock.Rounds)
	case o.clock.Slice < time.Microsecond || o.clock.Slice > time.Minute:
		return fmt.Errorf("-slice %v: want 1µs to 1m", o.clock.Slice)
	case o.breakers < 0 || o.breakers > 10_000_000:
		return fmt.Errorf("-breakers %d: want 0 to 10000000", o.breakers)
	case o.callers < 0 || o.callers > 1_000_000:
		return fmt.Errorf("-callers %d: want 0 to 1000000", o.callers)
	case o.chart != "" && filepath.Ext(o.chart) != ".svg":
		return fmt.Errorf("-chart %q: want a name that ends in .svg", o.chart)
	case o.from != "" && o.chart == "":
		return errors.New("-from: want a -chart to draw")
	}
	return nil
}

// compare measures everything, and writes its progress to stderr.
func compare(o options, stderr io.Writer) (*Report, error) {
	bed, err := NewBed()
	if err != nil {
		return nil, err
	}
	report := &Report{When: time.Now(), Clock: o.clock}
	for _, f := range Floors() {
		s := o.clock.measure(f.New(bed))
		report.Floors = append(report.Floors, Finding{What: f.Name, Value: s[0].figures().Ns, Unit: "ns"})
	}
	for _, p := range Pairs() {
		if !o.only.MatchString(p.Work() + " / " + p.Rival.Name) {
			continue
		}
		row := p.Measure(bed, o.clock)
		fmt.Fprintf(stderr, "%6s ns  %6s ns  %5s  %s / %s\n", figure(row.OursCost.Ns), figure(row.RivalCost.Ns), figure(row.Ratio()), p.Work(), p.Rival.Name)
		report.Rows = append(report.Rows, row)
	}
	progress := func(what string) { fmt.Fprintln(stderr, "scale:", what) }
	progress("the paths of an outage")
	if report.Outage, err = Outage(bed, o.clock); err != nil {
		return nil, err
	}
	if o.callers > 0 {
		progress(fmt.Sprintf("%d goroutines failing at once", o.callers))
		report.Scale = Storms(bed, o.callers, 20, o.clock)
	}
	if err := bed.Close(); err != nil {
		return nil, err
	}
	if o.breakers > 0 {
		scale, err := Scale(o.breakers, o.clock, progress)
		if err != nil {
			return nil, err
		}
		report.Scale = append(report.Scale, scale...)
	}
	return report, nil
}

// publish writes the report to the outputs that the options name.
func publish(r *Report, o options, stdout io.Writer) error {
	if err := r.Markdown(stdout); err != nil {
		return err
	}
	if o.markdown != "" {
		f, err := os.Create(o.markdown)
		if err != nil {
			return err
		}
		if err := errors.Join(r.Markdown(f), f.Close()); err != nil {
			return err
		}
	}
	if o.chart != "" && len(r.Rows) > 0 {
		return Chart(r.measured(), r.Rows).save(o.chart)
	}
	return nil
}
