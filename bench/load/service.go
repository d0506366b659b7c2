package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/api"
)

const (
	sickFor      = 250 * time.Millisecond // how long a sick dependency takes to fail
	callLimit    = 100 * time.Millisecond // how long the guard waits for it
	resetTimeout = time.Second            // how long the circuit stays open
	lastKnown    = "last known good"      // what the guard answers instead
)

// server is an HTTP server on a loopback port.
type server struct {
	http.Server
	url  string
	done chan struct{} // closed when Serve has returned
}

func serve(h http.Handler) (*server, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{Server: http.Server{Handler: h, ReadHeaderTimeout: 5 * time.Second}, url: "http://" + l.Addr().String(), done: make(chan struct{})}
	go func() { // ends with stop
		defer close(s.done)
		_ = s.Serve(l)
	}()
	return s, nil
}

// stop closes the server and its connections.
func (s *server) stop() {
	_ = s.Close()
	<-s.done
}

// dependency is what the services call: healthy and quick, or sick, slow and
// failing.
type dependency struct {
	*server
	sick        atomic.Bool
	reached     atomic.Int64 // requests that arrived
	reachedSick atomic.Int64 // requests that arrived while it was sick
}

func newDependency() (d *dependency, err error) {
	d = &dependency{}
	d.server, err = serve(http.HandlerFunc(d.answer))
	return d, err
}

func (d *dependency) answer(w http.ResponseWriter, r *http.Request) {
	d.reached.Add(1)
	if !d.sick.Load() {
		_, _ = io.WriteString(w, "live")
		return
	}
	d.reachedSick.Add(1)
	wait := time.NewTimer(sickFor)
	defer wait.Stop()
	select {
	case <-wait.C:
		w.WriteHeader(http.StatusServiceUnavailable)
	case <-r.Context().Done():
	}
}

// service answers each request with the answer of its dependency.
type service struct {
	*server
	client *http.Client
	from   string
	guard  []api.Policy // one for each breaker; nil: no guard
}

// newService starts a service. If sys is not nil, each request is guarded, by the
// breaker that its path names.
func newService(dependency string, sys *api.System, breakers, concurrency int) (*service, error) {
	s := &service{from: dependency, client: &http.Client{
		Timeout:   5 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: concurrency},
	}}
	if sys != nil {
		for i := range breakers {
			b, err := sys.Breaker(fmt.Sprintf("dependency-%d", i), api.BreakerConfig{ResetTimeout: resetTimeout})
			if err != nil {
				return nil, err
			}
			s.guard = append(s.guard, api.Compose(api.TimeoutConfig{Limit: callLimit, Cooperative: true}, b))
		}
	}
	var err error
	s.server, err = serve(http.HandlerFunc(s.answer))
	return s, err
}

func (s *service) stop() {
	s.server.stop()
	s.client.CloseIdleConnections()
}

func (s *service) answer(w http.ResponseWriter, r *http.Request) {
	body, err := s.call(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	_, _ = io.WriteString(w, body)
}

// call calls the dependency, with the guard if there is one.
func (s *service) call(r *http.Request) (string, error) {
	if s.guard == nil {
		return s.fetch(r.Context())
	}
	key, err := strconv.Atoi(r.URL.Query().Get("key"))
	if err != nil || key < 0 {
		return "", errors.New("no key")
	}
	return api.Do(r.Context(), s.guard[key%len(s.guard)], s.fetch, api.Value(lastKnown))
}

// fetch sends a request to the dependency.
func (s *service) fetch(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.from, nil)
	if err != nil {
		return "", err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("dependency: %s", resp.Status)
	}
	return string(body), nil
}
