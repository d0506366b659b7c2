package health

import "sync"

// semaphore limits how many checks run at the same time. A check that finds no free
// slot waits in line. A run releases its slot at its timeout, even if it has not
// returned, so that stuck checks never block others.
type semaphore struct {
	mu   sync.Mutex
	free int // slots
	line []*slot
}

// newSemaphore returns a semaphore with n slots.
func newSemaphore(n int) *semaphore { return &semaphore{free: n} }

// slot is the slot of one check, or its place in line.
type slot struct {
	wake   func() // called, without a lock, when the slot is acquired after a wait
	queued bool   // in line
	held   bool
}

// acquire acquires a slot for s, and reports whether s holds one. If it does not, s
// waits in line and is woken later.
func (p *semaphore) acquire(s *slot) bool {
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

// release releases the slot of s, or its place in line. If s has neither, it does
// nothing.
func (p *semaphore) release(s *slot) {
	if next := p.pass(s); next != nil {
		next.wake()
	}
}

// pass passes the slot of s on to the next in line, and returns that; nil if there
// is none or s held no slot.
func (p *semaphore) pass(s *slot) (next *slot) {
	p.mu.Lock()
	defer p.mu.Unlock()
	s.queued = false // it may still be in line, and is skipped below
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
