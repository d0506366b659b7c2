// Command load sends requests to an HTTP service at higher and higher rates, with
// and without understudy's guard around its dependency, while the dependency is
// healthy and while it is sick. It reports what the callers see, and can draw an
// outage. Everything runs in this process, on loopback ports.
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
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the settings of the command line.
type options struct {
	rates       []int
	duration    time.Duration // of each step
	concurrency int           // requests in flight, at most
	breakers    int           // over which the requests are spread
	markdown    string
	chart       string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process. It returns 0, or 1 if something fails, 2 if the
// command line is wrong, and 130 if ctx ended before the work was done.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "load:", err)
		return 2
	}
	steps, outages, err := measure(ctx, opts, stderr)
	if err == nil {
		err = publish(steps, outages, opts, stdout)
	}
	switch {
	case err != nil:
		fmt.Fprintln(stderr, "load:", err)
		return 1
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "load: interrupted; the table shows the steps that were done")
		return 130
	}
	return 0
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("load", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	rates := fs.String("rates", "100,300,1000,2000", "requests per second, one step for each, comma-separated")
	fs.DurationVar(&o.duration, "duration", 4*time.Second, "how long a step lasts; there are four for each rate")
	fs.IntVar(&o.concurrency, "concurrency", 2000, "highest number of requests in flight")
	fs.IntVar(&o.breakers, "breakers", 1, "number of breakers over which the requests are spread")
	quick := fs.Bool("quick", false, "a short run at two low rates, to show that it works")
	fs.StringVar(&o.markdown, "markdown", "", "write the table to this `file` as well")
	fs.StringVar(&o.chart, "chart", "", "also measure an outage, which takes as long as six steps, and draw it into this `file`, an .svg")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			fs.SetOutput(stderr)
			fs.Usage()
		}
		return o, err
	}
	if *quick {
		*rates, o.duration = "20,50", 200*time.Millisecond
	}
	for word := range strings.SplitSeq(*rates, ",") {
		rate, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || rate < 1 || rate > 100_000 {
			return o, fmt.Errorf("-rates %q: want whole numbers from 1 to 100000", word)
		}
		o.rates = append(o.rates, rate)
	}
	return o, o.validate(fs.Args())
}

func (o options) validate(rest []string) error {
	switch {
	case len(rest) > 0:
		return fmt.Errorf("unexpected argument %q", rest[0])
	case o.duration < 10*time.Millisecond || o.duration > 10*time.Minute:
		return fmt.Errorf("-duration %v: want 10ms to 10m", o.duration)
	case o.concurrency < 1 || o.concurrency > 10_000:
		return fmt.Errorf("-concurrency %d: want 1 to 10000", o.concurrency)
	case o.breakers < 1 || o.breakers > 100_000:
		return fmt.Errorf("-breakers %d: want 1 to 100000", o.breakers)
	case o.chart != "" && filepath.Ext(o.chart) != ".svg":
		return fmt.Errorf("-chart %q: want a name that ends in .svg", o.chart)
	}
	return nil
}

// publish writes the steps and the outages to the outputs that the options name.
func publish(steps []Step, outages []Outage, o options, stdout io.Writer) error {
	if err := Markdown(stdout, steps); err != nil {
		return err
	}
	if o.markdown != "" {
		f, err := os.Create(o.markdown)
		if err != nil {
			return err
		}
		if err := errors.Join(Markdown(f, steps), f.Close()); err != nil {
			return err
		}
	}
	if len(outages) > 0 {
		return Chart(outages).save(o.chart)
	}
	return nil
}
