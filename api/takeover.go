package api

import (
	"context"
	"errors"
	"slices"
)

// takeable is something inside a hard Timeout that can be ended from outside.
type takeable interface{ take(err error) }

// add registers something that runs inside; an error means that it must not.
func (s *scope) add(t takeable) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	r := s.rarely()
	r.running = append(r.running, t)
	return nil
}

func (s *scope) remove(t takeable) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.rare.running, t); i >= 0 {
		s.rare.running = slices.Delete(s.rare.running, i, i+1)
	}
}

// take ends the scope with the error its ctx shows and hands cause to all that
// run inside; it returns when they have taken it.
func (s *scope) take(cause error) {
	end := cause
	if errors.Is(cause, context.DeadlineExceeded) {
		end = context.DeadlineExceeded
	}
	s.cancel(end)
	s.mu.Lock()
	running := slices.Clone(s.rarely().running)
	s.mu.Unlock()
	takeAll(running, cause)
}

// takeAll hands cause to each of running, to the rest even if a classifier
// panics on the way.
func takeAll(running []takeable, cause error) {
	if len(running) > 0 {
		defer takeAll(running[1:], cause)
		running[0].take(cause)
	}
}
