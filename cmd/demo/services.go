package main

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"
)

// Service is a real HTTP server on loopback that behaves as its mood says. It
// counts the requests of each caller.
type Service struct {
	name string
	seed uint64
	addr string // the same after a restart

	mu      sync.Mutex
	server  *http.Server // nil while stopped
	mood    Mood
	changed chan struct{} // closed when the mood changes
	callers map[string]*caller
}

// caller is what a service knows about one of its callers. Each caller has its own
// random numbers, so that both storefronts meet the same ones.
type caller struct {
	random *rand.Rand
	sick   int // requests that arrived while the service was not well
}

// startService starts a service on a port that the system picks.
func startService(name string, seed uint64) (*Service, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	s := &Service{name: name, seed: seed, addr: listener.Addr().String(), changed: make(chan struct{}), callers: map[string]*caller{}}
	s.serve(listener)
	return s, nil
}

// URL returns the URL of the service.
func (s *Service) URL() string { return "http://" + s.addr }

// Sick returns how many requests of a caller arrived while the service was not
// well.
func (s *Service) Sick(who string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caller(who).sick
}

// Turn changes the mood. Stopped closes the listener and all connections; the next
// mood listens on the same port again. Requests that hang end with a reset.
func (s *Service) Turn(ctx context.Context, mood Mood) error {
	s.mu.Lock()
	s.mood = mood
	close(s.changed)
	s.changed = make(chan struct{})
	server := s.server
	s.mu.Unlock()

	switch {
	case mood == Stopped:
		return s.Close()
	case server == nil:
		return s.listenAgain(ctx)
	}
	return nil
}

// Close stops the service. It may be called again.
func (s *Service) Close() error {
	s.mu.Lock()
	server := s.server
	s.server = nil
	s.mu.Unlock()
	if server == nil {
		return nil
	}
	return server.Close()
}

// listenAgain binds the old port, which an outgoing connection of another process
// may hold for a moment.
func (s *Service) listenAgain(ctx context.Context) error {
	for {
		listener, err := net.Listen("tcp", s.addr)
		if err == nil {
			s.serve(listener)
			return nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("start %s again: %w", s.name, err)
		}
	}
}

func (s *Service) serve(listener net.Listener) {
	server := newServer(s)
	s.mu.Lock()
	s.server = server
	s.mu.Unlock()
	go server.Serve(listener) // ends with Close
}

// ServeHTTP answers one request as the mood says.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	io.Copy(io.Discard, r.Body) // the server notices only then when the caller leaves
	mood, changed, random := s.arrived(r.UserAgent())
	pause := 2*time.Millisecond + time.Duration(random*float64(4*time.Millisecond))
	switch mood {
	case Busy:
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too busy", http.StatusServiceUnavailable)
		return
	case Hanging:
		select {
		case <-changed:
			reset(w)
		case <-r.Context().Done():
		}
		return
	case Resetting:
		if random < 0.2 {
			reset(w)
			return
		}
	case Slow:
		pause += 250 * time.Millisecond
	}
	select {
	case <-time.After(pause):
		writeJSON(w, http.StatusOK, stock(s.name, r.URL.Path))
	case <-r.Context().Done():
	}
}

// arrived counts a request. It returns the mood, a channel that is closed when the
// mood changes, and a random number in [0, 1).
func (s *Service) arrived(who string) (Mood, <-chan struct{}, float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.caller(who)
	if s.mood != Well {
		c.sick++
	}
	return s.mood, s.changed, c.random.Float64()
}

func (s *Service) caller(who string) *caller {
	c, ok := s.callers[who]
	if !ok {
		c = &caller{random: rand.New(rand.NewPCG(s.seed, hash(s.name)))}
		s.callers[who] = c
	}
	return c
}

// reset sends half an answer and ends the connection with a TCP reset.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"half\":")
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
}

// newServer returns an http.Server that logs nothing.
func newServer(h http.Handler) *http.Server {
	return &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)}
}

// serve runs a handler on a port that the system picks.
func serve(h http.Handler) (*http.Server, string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	server := newServer(h)
	go server.Serve(listener) // ends with Close or Shutdown
	return server, "http://" + listener.Addr().String(), nil
}

func hash(s string) uint64 {
	h := fnv.New64a()
	io.WriteString(h, s)
	return h.Sum64()
}

// Services are the three services, by name.
type Services map[string]*Service

// serviceNames are their names, in the order in which they are shown.
var serviceNames = []string{"payments", "catalog", "reviews"}

// startServices starts the three services.
func startServices(seed uint64) (Services, error) {
	all := Services{}
	for _, name := range serviceNames {
		s, err := startService(name, seed)
		if err != nil {
			return nil, errors.Join(err, all.Close())
		}
		all[name] = s
	}
	return all, nil
}

// Close stops them all.
func (all Services) Close() error {
	var errs []error
	for _, s := range all {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// Sick returns how many requests of a caller reached a service that was not well.
func (all Services) Sick(who string) (n int) {
	for _, s := range all {
		n += s.Sick(who)
	}
	return n
}
