// Command kubernetes is a worker that processes a queue. It reports to Kubernetes
// whether it has started, whether it must be restarted, and whether it takes
// traffic, and drains when it receives SIGTERM. Its manifest is deployment.yaml; a
// test compares the two.
//
// Usage:
//
//	go run ./kubernetes -listen 127.0.0.1:8080
//
//	curl localhost:8080/readyz?verbose
package main

import (
	"context"
	"errors"
	"flag"
	"io"
	"log"
	"log/slog"
	"net/http"
	"os"
	"time"

	understudy "github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/checks"
)

// The times of a drain. terminationGracePeriodSeconds must be more than their sum.
const (
	drainDelay = 5 * time.Second  // for load balancers, to take the endpoint out
	drainLimit = 20 * time.Second // for work in flight
)

func main() {
	listen := flag.String("listen", ":8080", "the address to serve on")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, *listen, drainDelay); err != nil {
		log.Fatal(err)
	}
}

// run works until a signal arrives or ctx ends, and then drains. It logs to out.
func run(ctx context.Context, out io.Writer, listen string, delay time.Duration) error {
	logger := slog.New(slog.NewTextHandler(out, nil))
	sys, err := understudy.Start(understudy.SystemConfig{Version: "3.1.0", Logger: logger})
	if err != nil {
		return err
	}
	w := newWorker()
	if err := registerChecks(sys.Health(), w); err != nil {
		return errors.Join(err, sys.Shutdown(ctx))
	}
	go w.work() // ends when finish is called
	return sys.Serve(ctx, &http.Server{
		Addr:              listen,
		Handler:           sys.Health().Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      10 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}, understudy.DrainConfig{
		Delay:  delay,
		Limit:  drainLimit,
		Finish: []func(context.Context) error{w.finish},
	})
}

// registerChecks registers the checks that the probes read.
func registerChecks(health *understudy.Health, w *worker) error {
	// Group "live": what only a restart repairs. Three failed probes restart the pod.
	loop := health.Register("loop", understudy.CheckConfig{
		Interval: 5 * time.Second,
		Groups:   []string{"live"},
	}, w.heartbeat.Check())
	// Group "ready", the default: what the pod needs.
	queue := health.Register("queue", understudy.CheckConfig{
		Timeout:        2 * time.Second,
		UnhealthyAfter: 2, // a single failure does not take the pod out of traffic
	}, understudy.Ping(w.ping))
	// Group "ready" too, and optional: it makes /health DEGRADED, and /readyz stays 200.
	goroutines := health.Register("goroutines", understudy.CheckConfig{Optional: true}, checks.Goroutines(10_000))
	return errors.Join(loop, queue, goroutines)
}
