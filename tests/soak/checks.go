package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/checks"
)

// site serves the health endpoints on a loopback port.
type site struct {
	http.Server
	address string
	client  *http.Client
	done    chan struct{} // closed when Serve has returned
}

func (w *world) serve() (*site, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &site{
		Server:  http.Server{Handler: w.s.Health().Handler(), ReadHeaderTimeout: 5 * time.Second},
		address: l.Addr().String(), client: &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{}}, done: make(chan struct{}),
	}
	go func() { // ends with stop
		defer close(s.done)
		_ = s.Serve(l)
	}()
	h := w.s.Health()
	return s, errors.Join(
		h.Register("tcp", api.CheckConfig{Interval: 300 * time.Millisecond}, checks.TCP(s.address)),
		h.Register("http", api.CheckConfig{Interval: 300 * time.Millisecond, Optional: true}, checks.HTTP("http://"+s.address+"/startupz", checks.Expect{Client: s.client})))
}

func (s *site) stop() {
	_ = s.Close()
	<-s.done
}

// registerChecks registers checks of every kind, which are never deregistered.
func (w *world) registerChecks() error {
	h, fast := w.s.Health(), api.CheckConfig{Interval: 200 * time.Millisecond, Timeout: 100 * time.Millisecond}
	beat := checks.NewHeartbeat(time.Minute)
	dependent, optional, live, asked := fast, fast, fast, fast
	dependent.DependsOn = []string{"dependency 0"}
	optional.Optional, optional.UnhealthyAfter, optional.HealthyAfter = true, 3, 2
	live.Groups = []string{"live"}
	asked.Interval = api.OnDemand
	all := []error{w.s.ShowBreakers(api.ShowBreakersConfig{Most: 50})}
	for i := range w.deps {
		cfg := fast
		if i%2 == 1 {
			cfg = optional
		}
		all = append(all, h.Register(fmt.Sprint("dependency ", i), cfg, w.check(i)))
	}
	return errors.Join(append(all,
		h.Register("probe", fast, w.check(1)),
		h.Register("dependent", dependent, w.check(2)),
		h.Register("asked", asked, w.check(3)),
		h.Register("breakers", fast, w.s.BreakersCheck()),
		h.Register("heap", live, checks.Heap(1<<40)),
		h.Register("goroutines", live, checks.Goroutines(1<<30)),
		h.Register("disk", live, checks.Disk("/", 1)),
		h.Register("dns", fast, checks.DNS("127.0.0.1")),
		h.Register("heartbeat", live, func(ctx context.Context) (api.Details, error) { beat.Beat(); return beat.Check()(ctx) }))...)
}

// check calls a dependency. It hangs when the dependency hangs, and panics when
// the dependency panics.
func (w *world) check(i int) api.Check {
	return func(ctx context.Context) (api.Details, error) {
		w.tally.runs.Add(1)
		return api.Details{"trouble": w.deps[i].trouble.Load()}, w.deps[i].call(ctx, rand.Uint64())
	}
}

// churn registers and deregisters checks with twenty names.
func (w *world) churn(_ context.Context, random *rand.Rand) {
	name := fmt.Sprint("churn ", random.IntN(20))
	cfg := api.CheckConfig{Interval: time.Duration(10+random.IntN(500)) * time.Millisecond, Timeout: 50 * time.Millisecond, Groups: []string{"churn"}}
	err := w.s.Health().Register(name, cfg, w.check(random.IntN(dependencies)))
	if errors.Is(err, api.ErrConfig) { // it is registered
		err = w.s.Health().Deregister(name)
	}
	if err != nil {
		w.complain("check %s: %v", name, err)
	}
	w.tally.churned.Add(1)
}

// askChecks calls Run and RunAll.
func (w *world) askChecks(life context.Context, random *rand.Rand) {
	ctx, cancel := context.WithTimeout(life, time.Duration(1+random.IntN(200))*time.Millisecond)
	defer cancel()
	switch random.IntN(10) {
	case 0:
		w.s.Health().RunAll(ctx)
	case 1:
		w.s.Health().Run(ctx, fmt.Sprint("churn ", random.IntN(20)))
	default:
		w.s.Health().Run(ctx, "asked")
	}
}

// scrape requests the endpoints over HTTP, as orchestrators and Prometheus do.
func (w *world) scrape(_ context.Context, random *rand.Rand) {
	paths := []string{"/health", "/health?verbose", "/livez", "/readyz?verbose&exclude=dns", "/startupz", "/health/churn", "/readyz/probe", "/health/circuits"}
	accepts := []string{"", "application/json", "application/health+json", "text/plain", "text/plain;version=0.0.4"}
	r, err := http.NewRequest(http.MethodGet, "http://"+w.site.address+paths[random.IntN(len(paths))], http.NoBody)
	if err != nil {
		w.complain("%v", err)
		return
	}
	r.Header.Set("Accept", accepts[random.IntN(len(accepts))])
	resp, err := w.site.client.Do(r)
	if err != nil {
		w.complain("scrape: %v", err)
		return
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	gone := resp.StatusCode == http.StatusNotFound && strings.Contains(r.URL.Path, "churn") // the group is empty now
	isJSON := strings.Contains(resp.Header.Get("Content-Type"), "json")
	if err != nil || resp.StatusCode != 200 && resp.StatusCode != 503 && !gone || isJSON && !json.Valid(body) {
		w.complain("GET %v: %v, %q, %v", r.URL, resp.Status, body, err)
	}
	w.tally.scrapes.Add(1)
}
