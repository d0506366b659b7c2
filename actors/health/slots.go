package health

import "sync"

// slots bounds how many checks run at once. Who finds no slot free waits in
// line. A run that outlives its timeout gives its slot back, so stuck checks
// never keep others from running.
type slots struct {
	mu   sync.Mutex
	free int
	line []*slot
}

// newSlots returns n slots.
func newSlots(n int) *slots { return &slots{free: n} }

// slot is one check's claim.
type slot struct {
	wake   func() // called, holding nothing, when the slot is granted after a wait
	queued bool
	held   bool
}

// acquire reports whether s holds a slot; if not, it waits in line and is woken.
func (p *slots) acquire(s *slot) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.held || s.queued {
		return s.held
	}
	if p.free > 0 {
		p.free--
		s.held = true
		return true
	}
	s.queued = true
	p.line = append(p.line, s)
	return false
}

// release gives the slot of s back, or its place in line. It may be repeated.
func (p *slots) release(s *slot) {
	if next := p.pass(s); next != nil {
		next.wake()
	}
}

// pass returns who has got the slot of s, if someone was waiting.
func (p *slots) pass(s *slot) (next *slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.queued = false // whoever left the line is skipped below
	if !s.held {
		return nil
	}
	s.held = false
	for len(p.line) > 0 {
		next, p.line = p.line[0], p.line[1:]
		if next.queued {
			next.queued, next.held = false, true
			return next
		}
	}
	p.free++
	return nil
}
