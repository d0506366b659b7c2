package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/understudy-go/understudy/api"
)

// play runs the whole demo and prints it to w. It returns early, with the
// table so far, when ctx ends.
func play(ctx context.Context, opts Options, w io.Writer) (err error) {
	folder, err := os.MkdirTemp("", "understudy-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()

	services, err := startServices(opts.Seed)
	if err != nil {
		return err
	}
	defer services.Close()

	console := newConsole(w, opts.For)
	console.Print(fmt.Sprintf("Three services, two storefronts, %d requests per second to each, for %v (seed %d).\n\n", opts.Rate, opts.For, opts.Seed))
	shop, err := openShop(folder, services, console, opts.For)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, shop.Close()) }()
	twin, err := openTwin(services)
	if err != nil {
		return err
	}
	defer twin.Close()

	d := &demo{opts: opts, console: console, services: services, shop: shop, twin: twin}
	err = d.run(ctx)
	d.report()
	return err
}

// demo is a run of the demo.
type demo struct {
	opts     Options
	console  *Console
	services Services
	shop     *shop
	twin     *twin

	began time.Time
	ended time.Time
	tally [2]*Tally // protected, unprotected
}

// run plays the script under load. Once it returns, all its goroutines have ended.
func (d *demo) run(parent context.Context) error {
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	var all sync.WaitGroup
	d.began = time.Now()
	for i, url := range []string{d.shop.url, d.twin.url} {
		all.Go(func() { d.tally[i] = attack(ctx, url, d.opts) })
	}
	all.Go(func() {
		if err := d.playScript(ctx); err != nil {
			cancel(err) // the rest of the script cannot be played
		}
	})
	all.Go(func() {
		if d.wait(ctx, share(0.52, d.opts.For)) {
			d.showHealth("in the outage")
			d.show("in the outage", "/readyz", readyLine)
		}
	})
	// If ctx ends before the script does, the storefronts are closed, so that no
	// caller waits any longer.
	context.AfterFunc(ctx, func() { d.shop.server.Close(); d.twin.server.Close() })
	done := d.console.ShowBar()
	all.Wait()
	d.ended = time.Now()
	if ctx.Err() == nil {
		d.showHealth("at the end")
		if err := d.drain(ctx); err != nil {
			cancel(err)
		}
	}
	done()
	if parent.Err() != nil {
		d.console.Line("STOP", "interrupted: this is what was measured so far")
		return nil
	}
	return context.Cause(ctx)
}

// playScript changes the moods of the services at their moments.
func (d *demo) playScript(ctx context.Context) error {
	for _, m := range moments(script, d.opts.For) {
		if !d.wait(ctx, m.At) {
			return nil
		}
		kind := "SICK"
		if m.Mood == Well {
			kind = "WELL"
		}
		d.console.Line(kind, "%s %v", m.Service, m.Mood)
		if err := d.services[m.Service].Turn(ctx, m.Mood); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

// wait blocks until that moment of the run and returns true, or returns false when
// ctx ends first.
func (d *demo) wait(ctx context.Context, at time.Duration) bool {
	timer := time.NewTimer(time.Until(d.began.Add(at)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// showHealth prints the storefront's /health in a line.
func (d *demo) showHealth(when string) { d.show(when, "/health", healthLine) }

// show prints a page of the storefront's health in a line.
func (d *demo) show(when, path string, ask func(*http.Client, string) (string, error)) {
	line, err := ask(d.shop.client, d.shop.url)
	if err != nil {
		line = err.Error()
	}
	d.console.Line("HTTP", "%s: GET %s → %s", when, path, line)
}

// drain closes the storefront as a rollout does: /readyz answers 503, requests in
// flight are served, and then everything stops.
func (d *demo) drain(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	drained := make(chan error, 1)
	delay := share(0.02, d.opts.For) // a real service gives its balancer 5 s or so
	go func() { drained <- d.shop.sys.Drain(limited, delay, d.shop.server.Shutdown) }()
	<-d.shop.sys.Health().Draining()
	d.show("while draining", "/readyz", readyLine)
	return <-drained
}

// report prints what was measured.
func (d *demo) report() {
	story := d.shop.story
	d.console.Print(fmt.Sprintf("\n%s\n%s%s\n%v\n",
		story.Picture(script, d.began, d.ended, d.opts.For),
		table(rows(
			Side{Tally: d.tally[0], Sick: d.services.Sick(protected)},
			Side{Tally: d.tally[1], Sick: d.services.Sick(unprotected)})),
		"Sick-service requests are counted by the services, retries and health checks included.", story))
}

// shop is the protected storefront and what it needs.
type shop struct {
	sys    *api.System
	story  *Story
	shelf  *Shelf
	client *http.Client
	server *http.Server
	url    string
}

// openShop starts the protected storefront, with timings that suit the length of
// the run.
func openShop(folder string, services Services, console *Console, run time.Duration) (_ *shop, err error) {
	s := &shop{story: &Story{}, client: newClient()}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	log := slog.New(console)
	if s.shelf, err = OpenShelf(folder, log); err != nil {
		return nil, err
	}
	if s.sys, err = api.Start(api.SystemConfig{Version: "demo", Logger: log}); err != nil {
		return nil, err
	}
	s.sys.Subscribe(s.story.Note)
	urls := map[string]string{}
	for name, service := range services {
		urls[name] = service.URL()
	}
	storefront, err := NewStorefront(s.sys, urls, s.client, s.shelf, Pace{
		ResetTimeout: share(0.05, run),
		CheckEvery:   share(0.04, run),
	})
	if err != nil {
		return nil, err
	}
	s.server, s.url, err = serve(storefront.Handler())
	return s, err
}

// Close stops what openShop started, in the opposite order.
func (s *shop) Close() error {
	var errs []error
	if s.server != nil {
		errs = append(errs, s.server.Close())
	}
	if s.sys != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		errs = append(errs, s.sys.Shutdown(ctx))
	}
	if s.shelf != nil {
		errs = append(errs, s.shelf.Close())
	}
	s.client.CloseIdleConnections()
	return errors.Join(errs...)
}

// twin is the unprotected storefront and what it needs.
type twin struct {
	client *http.Client
	server *http.Server
	url    string
}

func openTwin(services Services) (*twin, error) {
	t := &twin{client: newClient()}
	server, url, err := serve((&Twin{client: t.client, services: services}).Handler())
	t.server, t.url = server, url
	return t, err
}

// Close stops what openTwin started.
func (t *twin) Close() error {
	defer t.client.CloseIdleConnections()
	return t.server.Close()
}
