// Command soak uses all of understudy at once, with real goroutines in real time,
// for as long as -for says, and samples what the process holds: memory,
// goroutines, timers, file descriptors. It fails if one of these grows, which is a
// leak, or if an answer is wrong.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are the settings of the command line.
type options struct {
	duration time.Duration
	callers  int
	seed     uint64
	leak     string // what to leak, to see that it is found
	markdown string
	chart    string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process. It returns 0 if the soak passed, 1 if something
// grows or an answer was wrong, 2 if the command line is wrong, and 130 if ctx
// ended early and nothing was wrong until then.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "soak:", err)
		return 2
	}
	report, err := soak(ctx, opts, stderr)
	if err == nil {
		err = publish(report, opts, stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "soak:", err)
		return 1
	case report.failed():
		fmt.Fprintln(stderr, "soak: failed, see above")
		return 1
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "soak: interrupted; the report covers the time until then")
		return 130
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("soak", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.DurationVar(&o.duration, "for", time.Minute, "how long to run; the first quarter, up to a minute, is a warm-up that is not judged")
	fs.IntVar(&o.callers, "callers", 32, "goroutines that call")
	fs.Uint64Var(&o.seed, "seed", 1, "the seed of all random choices")
	fs.StringVar(&o.leak, "leak", "", "self-test: leak `"+strings.Join(leaks(), "|")+"` on purpose; the run must fail")
	fs.StringVar(&o.markdown, "markdown", "", "write the report to this `file` as well")
	fs.StringVar(&o.chart, "chart", "", "draw the samples into this `file`, an .svg")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fs.SetOutput(stderr)
			fs.Usage()
		}
		return o, err
	}
	return o, o.validate(fs.Args())
}

func (o options) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.duration < 20*time.Second || o.duration > 30*24*time.Hour:
		return fmt.Errorf("-for %v: want 20s to 720h", o.duration)
	case o.callers < 1 || o.callers > 10_000:
		return fmt.Errorf("-callers %d: want 1 to 10000", o.callers)
	case o.leak != "" && !slices.Contains(leaks(), o.leak):
		return fmt.Errorf("-leak %q: want one of %s", o.leak, strings.Join(leaks(), ", "))
	case o.chart != "" && filepath.Ext(o.chart) != ".svg":
		return fmt.Errorf("-chart %q: want a name that ends in .svg", o.chart)
	}
	return nil
}

// publish writes the report to the outputs that the options name.
func publish(r *report, o options, stdout io.Writer) error {
	if err := r.markdown(stdout); err != nil {
		return err
	}
	if o.markdown != "" {
		f, err := os.Create(o.markdown)
		if err != nil {
			return err
		}
		if err := errors.Join(r.markdown(f), f.Close()); err != nil {
			return err
		}
	}
	if o.chart != "" && len(r.samples) > 1 {
		return r.chart().save(o.chart)
	}
	return nil
}
