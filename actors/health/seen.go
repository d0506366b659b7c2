package health

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Seen is a check as it stood at one moment. Its methods take that moment, or
// any later one up to what See returned beside it.
type Seen struct {
	Check    *Handle
	Status   messages.Status // of Result
	Optional bool            // as the settings say
	Started  bool            // a first run has ended or timed out, or is blocked by another check

	view *view
	root *Handle // the check that blocks it; nil: none
}

// See looks at a check. It never waits. Until is the last moment for which
// Result says what it says now, but for the age, as long as no check publishes
// anything; zero: for ever.
func (h *Handle) See(now time.Time) (s Seen, until time.Time) {
	until = h.see(&s, now)
	return s, until
}

// SeeAll looks at many checks. Until is the last moment for which all of them
// say what they say now, as in See.
func SeeAll(checks []*Handle, now time.Time) (seen []Seen, until time.Time) {
	seen = make([]Seen, len(checks))
	for i, h := range checks {
		until = earlier(until, h.see(&seen[i], now))
	}
	return seen, until
}

func (h *Handle) see(s *Seen, now time.Time) (until time.Time) {
	v := h.view.Load()
	s.Check, s.Optional, s.view = h, h.cfg.Optional, v
	s.Started = !v.result.Timestamp.IsZero()
	s.Status = v.status(now)
	until = v.until(now)
	if len(h.above) == 0 {
		return until
	}
	if s.root = h.blockedBy(now); s.root != nil {
		s.Status, s.Started = messages.Unknown, true
	}
	for _, c := range h.above {
		until = earlier(until, c.view.Load().until(now))
	}
	return until
}

// Result returns the last result as it reads now.
func (s *Seen) Result(now time.Time) Result { return blocked(s.view.read(now), s.root) }

// BlockedBy returns the name of the check that blocks this one; empty: none.
func (s *Seen) BlockedBy() string {
	if s.root == nil {
		return ""
	}
	return s.root.name
}

// Age returns how many seconds lie between the times of the last result and of
// now, both cut to whole seconds as people read them; false: no result yet.
func (s *Seen) Age(now time.Time) (seconds int64, known bool) {
	return Age(s.view.result.Timestamp, now)
}

// Age returns how many seconds lie between two times cut to whole seconds;
// false: there is no result yet.
func Age(timestamp, now time.Time) (seconds int64, known bool) {
	return max(0, now.Unix()-timestamp.Unix()), !timestamp.IsZero()
}

// earlier returns the earlier of two times, of which zero is the latest.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// written is what was made of a result, and the last moment for which it holds.
type written struct {
	text  []byte
	until time.Time // zero: as long as the view is the published one
}

// kinds is how many ways of writing a result are remembered.
const kinds = 6

// Write appends what render makes of the result, and remembers that for the
// next time. Each kind of render, from 0 to 5, must depend on nothing else, and
// not on the age.
func (s *Seen) Write(to []byte, now time.Time, kind int, render func(Result) []byte) []byte {
	if s.root != nil {
		return append(to, render(s.Result(now))...)
	}
	known := s.view.written[kind].Load()
	if known == nil || !known.until.IsZero() && now.After(known.until) {
		known = &written{render(s.view.read(now)), s.view.until(now)}
		s.view.written[kind].Store(known)
	}
	return append(to, known.text...)
}
