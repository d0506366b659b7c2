package health

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Seen is a check as it stood at one moment. Its methods take that moment, or
// any later one up to Until.
type Seen struct {
	Check    *Handle
	Status   messages.Status // of Result
	Optional bool            // as the settings say
	Started  bool            // a first run has ended or timed out, or is blocked by another check

	view *view
	root *Handle // the check that blocks it; nil: none
}

// See looks at a check. It never waits.
func (h *Handle) See(now time.Time) Seen {
	s := Seen{Check: h, Optional: h.cfg.Optional, view: h.view.Load(), root: h.blockedBy(now)}
	s.Started = s.root != nil || !s.view.result.Timestamp.IsZero()
	if s.root == nil {
		s.Status = s.view.status(now)
	}
	return s
}

// Result returns the last result as it reads now.
func (s Seen) Result(now time.Time) Result { return blocked(s.view.read(now), s.root) }

// BlockedBy returns the name of the check that blocks this one; empty: none.
func (s Seen) BlockedBy() string {
	if s.root == nil {
		return ""
	}
	return s.root.name
}

// Age returns how many seconds lie between the times of the last result and of
// now, both cut to whole seconds as people read them; false: no result yet.
func (s Seen) Age(now time.Time) (seconds int64, known bool) {
	return Age(s.view.result.Timestamp, now)
}

// Age returns how many seconds lie between two times cut to whole seconds;
// false: there is no result yet.
func Age(timestamp, now time.Time) (seconds int64, known bool) {
	return max(0, now.Unix()-timestamp.Unix()), !timestamp.IsZero()
}

// Until returns the last moment for which Result says what it says now, but
// for the age, as long as no check publishes anything; zero: for ever.
func (s Seen) Until(now time.Time) time.Time {
	until := s.view.until(now)
	for _, c := range s.Check.above {
		until = Earlier(until, c.view.Load().until(now))
	}
	return until
}

// Earlier returns the earlier of two times, of which zero is the latest.
func Earlier(a, b time.Time) time.Time {
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
func (s Seen) Write(to []byte, now time.Time, kind int, render func(Result) []byte) []byte {
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
