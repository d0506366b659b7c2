package torture

import (
	"math"
	"time"

	"github.com/understudy-go/understudy/api"
)

// circuit is a sequential breaker: a breaker that does one operation after
// another. It is written from the documentation alone, as plainly as possible,
// and shares no code with the real machine. It is a value; a step returns new
// ones.
type circuit struct {
	settings int // index in history.settings
	state    api.State
	mode     api.Mode
	streak   int
	window   string // the last results: a letter each, and in a time window its time
	until    span   // when OPEN: when it half-opens
	reopened int    // since the last recovery
	healed   int
	failed   int              // trials that were borne
	trials   uint64           // a bit for each call that is a trial
	current  uint64           // a bit for each running call that is not late
	totals   api.BreakerStats // only its totals are used
	stopped  bool
}

// span is a moment that is not known exactly: it is not before from and not after
// to.
type span struct{ from, to time.Duration }

func (s span) plus(d time.Duration) span { return span{s.from + d, s.to + d} }

// step returns all states that the circuit can have after op, if op went as
// recorded. If the owner crashed on op, it may not have noticed the time either.
func (h *history) step(s circuit, op *operation) (next []circuit) {
	if h.mayBeLost(op) {
		next = append(next, s)
	}
	for _, s := range h.elapse(s, op) {
		next = append(next, h.apply(s, op)...)
	}
	return next
}

// elapse returns all states that the circuit can have before op, because time has
// passed. The moment of op is between op.began and op.ended.
func (h *history) elapse(s circuit, op *operation) (states []circuit) {
	for range 8 {
		due, ends := h.due(&s)
		if !ends || !op.asks() || due.to > op.began {
			states = append(states, s) // it may not have happened yet, or the owner has not noticed
		}
		if !ends || due.from > op.ended {
			break // it cannot have happened yet
		}
		if s.state == api.Open {
			s.enter(api.HalfOpen, api.Automatic)
			continue
		}
		s.totals.Failures++
		s.streak++
		h.open(&s, span{due.from, op.ended}, 0)
	}
	return states
}

// due returns when time alone changes the state, and whether it does.
func (h *history) due(s *circuit) (at span, ends bool) {
	if !h.timed || s.stopped {
		return span{}, false
	}
	switch {
	case s.state == api.Open && s.mode == api.Automatic:
		return s.until, true
	case s.state == api.HalfOpen && s.trials != 0:
		at = span{math.MaxInt64, math.MaxInt64}
		for id := range maxCalls {
			if s.trials&(1<<id) != 0 {
				admit := h.admission(id)
				overdue := span{admit.began, admit.ended}.plus(h.settings[s.settings].TrialTimeout)
				at = span{min(at.from, overdue.from), min(at.to, overdue.to)}
			}
		}
		return at, true
	}
	return span{}, false
}

func (s *circuit) enter(to api.State, mode api.Mode) {
	if s.state != to {
		switch to {
		case api.Open:
			s.totals.Opened++
		case api.HalfOpen:
			s.totals.HalfOpened++
		case api.Closed:
			s.totals.Closed++
		}
	}
	s.state, s.mode = to, mode
	s.trials, s.current, s.healed, s.failed = 0, 0, 0, 0
	if to == api.Closed {
		s.streak, s.window, s.reopened = 0, "", 0
	}
}

// open opens the circuit, for at least so long.
func (h *history) open(s *circuit, when span, atLeast time.Duration) {
	if s.state == api.HalfOpen {
		s.reopened++
	}
	s.enter(api.Open, api.Automatic)
	c := h.settings[s.settings]
	timeout := float64(c.ResetTimeout)
	for range s.reopened {
		timeout *= c.ResetBackoff
	}
	s.until = when.plus(min(max(time.Duration(timeout), atLeast), c.MaxResetTimeout))
}

// apply returns all states that the circuit can have after op, without what time
// does. It returns none if op cannot have gone as recorded. If the owner crashed on
// op, it may have done nothing.
func (h *history) apply(s circuit, op *operation) (next []circuit) {
	if op.cancelled {
		return h.leave(s, op)
	}
	if h.mayBeLost(op) {
		next = append(next, s)
	}
	for _, s := range h.slide(s, op) {
		if h.happens(&s, op) {
			next = append(next, s)
		}
	}
	return next
}

// mayBeLost reports whether the owner may have crashed on op.
func (h *history) mayBeLost(op *operation) bool {
	return h.crashes && (op.crashed || op.kind == opResult || op.cancelled)
}

// leave returns the states after a request for admission whose ctx ended: it was not
// made, or its answer was taken back at once. If the owner may have crashed, the
// refusal may still be counted, or the trial run until it is overdue.
func (h *history) leave(s circuit, op *operation) (next []circuit) {
	next = append(next, s)
	if !h.crashes || s.stopped {
		return next
	}
	switch {
	case s.state == api.Open || h.full(&s):
		s.totals.Rejected++
		next = append(next, s)
	case s.state == api.HalfOpen:
		s.trials |= 1 << op.call
		next = append(next, s)
	}
	return next
}

func (h *history) full(s *circuit) bool {
	return s.state == api.HalfOpen && popCount(s.trials) >= max(1, h.settings[s.settings].HalfOpenMaxCalls-s.healed)
}

// happens applies op, and reports whether its result is right.
func (h *history) happens(s *circuit, op *operation) bool {
	if s.stopped && op.kind != opState && op.kind != opRemaining && op.kind != opResult {
		return op.shutdown
	}
	if op.shutdown {
		return false
	}
	switch op.kind {
	case opAdmit:
		return h.admit(s, op)
	case opResult:
		h.result(s, op)
	case opState:
		return h.reads(s, op)
	case opRemaining:
		return h.remaining(s, op)
	case opStats:
		return op.crashed || h.stats(s, op)
	case opReset:
		s.enter(api.Closed, api.Automatic)
	case opForceOpen:
		s.enter(api.Open, api.ForcedOpen)
	case opDisable:
		s.enter(api.Closed, api.Disabled)
	case opConfigure:
		was, is := h.settings[s.settings], h.settings[op.settings]
		if was.Window != is.Window || rates(was) != rates(is) {
			s.window = ""
		}
		s.settings = op.settings
	case opTrip:
		if s.mode == api.Automatic && s.state != api.Open {
			h.open(s, span{op.began, op.ended}, 0)
		}
	case opTryNow:
		if s.mode == api.Automatic && s.state == api.Open {
			s.enter(api.HalfOpen, api.Automatic)
		}
	case opShutdown:
		s.stopped = true
	}
	return true
}

func rates(c api.BreakerConfig) bool { return c.FailureRate > 0 || c.SlowCallRate > 0 }

func (h *history) admit(s *circuit, op *operation) bool {
	if op.crashed { // the caller was not admitted; a trial may have begun
		return true
	}
	if s.state == api.Open || h.full(s) {
		s.totals.Rejected++
		r := op.refused
		return r != nil && r.Name == h.name && r.State == s.state && r.Forced == (s.mode == api.ForcedOpen)
	}
	s.current |= 1 << op.call
	if s.state == api.HalfOpen {
		s.trials |= 1 << op.call
	}
	return op.refused == nil
}

func popCount(bits uint64) (n int) {
	for ; bits != 0; bits >>= 1 {
		n += int(bits & 1)
	}
	return n
}

// stats reports whether the statistics in op are those of the circuit.
func (h *history) stats(s *circuit, op *operation) bool {
	want, got := s.totals, op.stats
	c := h.settings[s.settings]
	want.Name, want.State, want.Mode = h.name, s.state, s.mode
	want.ConsecutiveFailures, want.Trials = s.streak, popCount(s.trials)
	if letters := h.letters(s); rates(c) && len(letters) >= max(1, c.MinimumCalls) {
		want.FailureRate = share(letters, "fF")
	}
	left := got.TimeUntilReset
	got.TimeUntilReset, got.LastFailure, got.LastFailureAt = 0, nil, time.Time{}
	return got == want && h.leaves(s, left, op)
}

// reads reports whether op may read its state: from the moment that OPEN ends it reads
// HALF_OPEN, whether or not the owner has noticed.
func (h *history) reads(s *circuit, op *operation) bool {
	due, ends := h.due(s)
	switch {
	case s.state != api.Open || !ends:
		return op.state == s.state
	case op.state == api.HalfOpen:
		return due.from <= op.ended
	}
	return op.state == api.Open && due.to > op.began
}

func (h *history) remaining(s *circuit, op *operation) bool {
	if due, ends := h.due(s); ends && s.state == api.Open && op.left == 0 {
		return due.from <= op.ended
	}
	return h.leaves(s, op.left, op)
}

// leaves reports whether left is a time for which the circuit may stay open.
func (h *history) leaves(s *circuit, left time.Duration, op *operation) bool {
	if s.state != api.Open || s.mode != api.Automatic {
		return left == 0
	}
	if !h.timed {
		return left > 0
	}
	return left > 0 && op.began+left <= s.until.to && op.ended+left >= s.until.from
}
