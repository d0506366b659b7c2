// Command http-service is a web service that gets prices from another service, a
// catalog. It guards the calls of an http.Client (catalog.go), answers the probes
// of Kubernetes beside its own pages (pages.go), and drains when it receives
// SIGTERM (below).
//
// Usage:
//
//	go run ./http-service -listen 127.0.0.1:8080 -catalog http://127.0.0.1:9090
//
//	curl localhost:8080/price/apple
//	curl localhost:8080/readyz?verbose
//	curl localhost:8080/health
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
)

// options are the settings of the command line.
type options struct {
	listen  string        // the address to serve on
	catalog string        // the URL of the catalog
	delay   time.Duration // how long the service goes on serving after SIGTERM
}

func main() {
	var opts options
	flag.StringVar(&opts.listen, "listen", ":8080", "the address to serve on")
	flag.StringVar(&opts.catalog, "catalog", "http://127.0.0.1:9090", "the URL of the catalog")
	flag.DurationVar(&opts.delay, "delay", 5*time.Second, "how long to go on serving after SIGTERM")
	flag.Parse()
	if err := run(context.Background(), os.Stdout, opts); err != nil {
		log.Fatal(err)
	}
}

// run serves until a signal arrives or ctx ends, and then drains. It logs to out.
func run(ctx context.Context, out io.Writer, opts options) error {
	logger := slog.New(slog.NewTextHandler(out, nil))
	sys, err := understudy.Start(understudy.SystemConfig{Version: "3.1.0", Logger: logger})
	if err != nil {
		return err
	}
	client := &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone()}
	defer client.CloseIdleConnections()
	pages, err := newPages(sys, client, opts.catalog)
	if err != nil {
		return errors.Join(err, sys.Shutdown(ctx))
	}
	return sys.Serve(ctx, &http.Server{
		Addr:              opts.listen,
		Handler:           pages,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      15 * time.Second, // more than a guarded call may take
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}, understudy.DrainConfig{Delay: opts.delay})
}
