// Command demo shows what understudy does for a service whose dependencies
// fail. Three real HTTP services on loopback (payments, catalog, reviews)
// misbehave by a script: they answer 503, hang, reset connections, slow down,
// and one is stopped and started again. Two storefronts use them under the same
// open-loop load at the same time: one guarded by understudy (storefront.go),
// its twin with a plain http.Client (twin.go). A health check, the probe of its
// breaker, decides when payments has recovered, not a customer's request. At the
// end the guarded storefront drains, and a table compares the two.
//
// Usage:
//
//	go run ./cmd/demo [-for 30s] [-rate 80] [-seed 2]
//
// It exits with 0 at the end of the script, 130 when Ctrl-C or SIGTERM cut it
// short (the table then shows what was measured so far), 2 on a bad command
// line and 1 when it could not run.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// The exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process. It returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	opts, err := parse(args, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitDone
	case err != nil:
		fmt.Fprintf(stderr, "demo: %v\nRun 'demo -h' for help.\n", err)
		return exitUsage
	}
	if err := play(ctx, opts, stdout); err != nil {
		fmt.Fprintf(stderr, "demo: %v\n", err)
		return exitFailed
	}
	if ctx.Err() != nil {
		return exitInterrupted
	}
	return exitDone
}

// Options are the settings of the command line.
type Options struct {
	For  time.Duration // how long the script plays
	Rate int           // requests per second to each storefront
	Seed uint64        // of all random choices
}

// The bounds of the options. A shorter script has no room for a recovery; the
// script needs some traffic, and must not overload a small machine.
const (
	shortest, longest = 8 * time.Second, time.Hour
	slackest, busiest = 40, 400
)

// parse parses the command line. For -h it prints the usage to w and returns
// flag.ErrHelp.
func parse(args []string, w io.Writer) (Options, error) {
	var opts Options
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.DurationVar(&opts.For, "for", 30*time.Second, "how long the script plays, from 8s to 1h")
	flags.IntVar(&opts.Rate, "rate", 80, "requests per second to each storefront, from 40 to 400")
	flags.Uint64Var(&opts.Seed, "seed", 2, "the seed of all random choices")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(w, "Usage: demo [flags]\n\nPlays an outage of three HTTP services against a storefront that understudy guards and its unguarded twin.\n\n")
		flags.SetOutput(w)
		flags.PrintDefaults()
		fmt.Fprint(w, "\nExit status: 0 done, 1 could not run, 2 bad command line, 130 interrupted (the table so far is printed).\n")
		return opts, err
	case err != nil:
		return opts, err
	case flags.NArg() > 0:
		return opts, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case opts.For < shortest || opts.For > longest:
		return opts, fmt.Errorf("-for %v: want %v to %v", opts.For, shortest, longest)
	case opts.Rate < slackest || opts.Rate > busiest:
		return opts, fmt.Errorf("-rate %d: want %d to %d", opts.Rate, slackest, busiest)
	}
	return opts, nil
}
