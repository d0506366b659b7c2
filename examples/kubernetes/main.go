// Command kubernetes is a worker that works off a queue and says to Kubernetes
// how it is: whether it has started, whether it must be restarted, whether it
// takes traffic. It drains when it receives SIGTERM. deployment.yaml beside it
// is its manifest; a test holds the two together.
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
	"net"
	"net/http"
	"os"
	"time"

	understudy "github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/checks"
)

// How long a drain takes. terminationGracePeriodSeconds must be more than both
// together.
const (
	drainDelay = 5 * time.Second  // endpoints are taken off the load balancers meanwhile
	drainLimit = 20 * time.Second // for what is in flight
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
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return errors.Join(err, sys.Shutdown(ctx))
	}
	server := &http.Server{
		Handler:           sys.Health().Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		WriteTimeout:      10 * time.Second,
		MaxHeaderBytes:    16 << 10,
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	served := make(chan error, 1)
	go func() { // ends when the server does
		served <- server.Serve(listener)
		stop() // a server that failed must not wait for a signal
	}()
	go w.work() // ends when finish is called
	logger.Info("Serving", "address", listener.Addr().String())

	drained := sys.DrainOnSignal(ctx, understudy.DrainConfig{
		Delay:  delay,
		Limit:  drainLimit,
		Finish: []func(context.Context) error{w.finish, server.Shutdown},
	})
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		return errors.Join(err, drained)
	}
	return drained
}

// registerChecks says what the probes look at.
func registerChecks(health *understudy.Health, w *worker) error {
	// Group "live": what only a restart can mend. Three missed probes restart the pod.
	loop := health.Register("loop", understudy.CheckConfig{
		Interval: 5 * time.Second,
		Groups:   []string{"live"},
	}, w.heartbeat.Check())
	// Group "ready", the default: what the pod needs in order to work.
	queue := health.Register("queue", understudy.CheckConfig{
		Timeout:        2 * time.Second,
		UnhealthyAfter: 2, // one failure alone is no reason to leave the load balancer
	}, understudy.Ping(w.ping))
	// Group "ready" too, but optional: it makes /health DEGRADED and /readyz stays 200.
	goroutines := health.Register("goroutines", understudy.CheckConfig{Optional: true}, checks.Goroutines(10_000))
	return errors.Join(loop, queue, goroutines)
}
