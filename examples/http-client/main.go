// Command http-client gets pages of a service through an http.Client. It shows what
// counts as a failure, how siblings end in an errgroup, and how a body is read after
// the guarded call has returned.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"

	"golang.org/x/sync/errgroup"

	understudy "github.com/understudy-go/understudy/api"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) (err error) {
	sys, err := understudy.Start(understudy.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, sys.Shutdown(ctx)) }()
	service := httptest.NewServer(http.HandlerFunc(prices)) // stands for the service
	defer service.Close()
	c, err := newClient(sys, service.Client(), service.URL)
	if err != nil {
		return err
	}
	sizes, err := c.sizes(ctx, "/apple", "/pear")
	fmt.Fprintln(out, len(sizes), "pages, error:", err)
	_, err = c.sizes(ctx, "/apple", "/unicorn")
	fmt.Fprintln(out, "error:", err)

	breaker, _ := sys.LookupBreaker("pages")
	stats, err := breaker.Stats()
	fmt.Fprintln(out, stats.State, "after", stats.Failures, "failures")
	return err
}

// prices has a page for each fruit.
func prices(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/unicorn" {
		http.NotFound(w, r)
		return
	}
	fmt.Fprintln(w, "1.20")
}

// sizes returns the lengths of pages, which it gets at the same time. The first
// error cancels ctx for all others. Their calls are Ignored, whatever http.Client
// returns for them: their caller has left, and the service did nothing wrong.
func (c *client) sizes(ctx context.Context, paths ...string) (map[string]int64, error) {
	group, ctx := errgroup.WithContext(ctx)
	lengths := make([]int64, len(paths))
	for i, path := range paths {
		group.Go(func() error {
			body, err := c.open(ctx, path)
			if err != nil {
				return err
			}
			defer body.Close()
			lengths[i], err = io.Copy(io.Discard, body)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	sizes := make(map[string]int64, len(paths))
	for i, path := range paths {
		sizes[path] = lengths[i]
	}
	return sizes, nil
}
