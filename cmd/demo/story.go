package main

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/understudy-go/understudy/api"
)

// Story counts the events of the storefront's system.
type Story struct {
	mu        sync.Mutex
	changes   []api.BreakerChanged
	opened    int
	retries   int
	timeouts  int
	fallbacks int
	lost      int // events that were dropped, because Note was too slow
}

// Note is the subscriber.
func (s *Story) Note(e api.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := e.(type) {
	case api.BreakerChanged:
		s.changes = append(s.changes, e)
		if e.To == api.Open {
			s.opened++
		}
	case api.Retrying:
		s.retries++
	case api.TimedOut:
		s.timeouts++
	case api.FallbackUsed:
		s.fallbacks++
	case api.Dropped:
		s.lost += e.Count
	}
}

// String returns the counts in a line.
func (s *Story) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	line := fmt.Sprintf("understudy: circuits opened %d times, %d retries, %d timeouts, %d fallbacks",
		s.opened, s.retries, s.timeouts, s.fallbacks)
	if s.lost > 0 {
		line += fmt.Sprintf(" (at least: %d events were lost)", s.lost)
	}
	return line
}

// Picture draws two strips for each service: when it was not well, and the state
// of its circuit. The strips end at ended.
func (s *Story) Picture(scenes []Scene, began, ended time.Time, run time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	const width = 60
	cell := run / width
	var b strings.Builder
	for _, name := range serviceNames {
		var sick, circuit []rune
		for i := time.Duration(0); i < width && began.Add(i*cell).Before(ended); i++ {
			sick = append(sick, sickness(scenes, name, i*cell+cell/2, run))
			circuit = append(circuit, s.circuit(name, began.Add(i*cell), began.Add(i*cell+cell)))
		}
		fmt.Fprintf(&b, "%-10s service  %s\n%-10s circuit  %s\n", name, string(sick), "", string(circuit))
	}
	fmt.Fprintf(&b, "%-10s          · well, closed   x not well   █ open   ▒ half-open\n", "")
	return b.String()
}

// sickness returns the character for a service at a moment.
func sickness(scenes []Scene, service string, at, run time.Duration) rune {
	for _, scene := range scenes {
		if scene.Service == service && at >= share(scene.From, run) && at < share(scene.To, run) {
			return 'x'
		}
	}
	return '·'
}

// circuit returns the character for a circuit between two moments: half-open if it
// was half-open at any time, else open if it was open, else closed.
func (s *Story) circuit(name string, from, to time.Time) rune {
	seen := map[api.State]bool{}
	state := api.Closed
	for _, change := range s.changes {
		if change.Name != name || !change.At.Before(to) {
			continue
		}
		if !change.At.Before(from) {
			seen[state], seen[change.To] = true, true
		}
		state = change.To
	}
	seen[state] = true
	switch {
	case seen[api.HalfOpen]:
		return '▒'
	case seen[api.Open]:
		return '█'
	}
	return '·'
}
