package pipeline

import (
	"slices"
	"sync/atomic"

	"github.com/understudy-go/understudy/messages"
)

// Switch holds stages that can be exchanged while calls run. The zero Switch holds
// none: the call just runs. It is safe for concurrent use.
type Switch struct {
	current atomic.Pointer[version]
	line    atomic.Pointer[Line] // a line of this switch alone; nil until it is used alone
}

// version is what was set in a Switch. Each Set makes another one.
type version struct{ stages []Stage }

// Set exchanges the stages. Calls that have begun keep those they began with.
func (s *Switch) Set(stage Stage) { s.current.Store(&version{New(stage).source}) }

// resolved is a line without switches, and what it was made from.
type resolved struct {
	line     *Line
	switches []*Switch
	versions []*version
}

// isCurrent reports whether no switch has been set since.
func (r *resolved) isCurrent() bool {
	for i, s := range r.switches {
		if s.current.Load() != r.versions[i] {
			return false
		}
	}
	return true
}

// alone returns a line of the switch alone.
func (s *Switch) alone() *Line {
	if l := s.line.Load(); l != nil {
		return l
	}
	s.line.CompareAndSwap(nil, New(Stage{Shape: IsSwitch, Switch: s}))
	return s.line.Load()
}

// Resolve puts the stages that the switches hold now in the place of the switches.
// It is called once for each call, before Events and Do.
func (s *Stage) Resolve() {
	switch {
	case s.Shape == IsSwitch:
		s.Shape, s.Line = IsLine, s.Switch.alone().Resolve()
	case s.Shape == IsLine:
		s.Line = s.Line.Resolve()
	}
}

// Resolve returns the line that a call runs under: l with the stages that its
// switches hold now.
func (l *Line) Resolve() *Line {
	if !l.hasSwitch {
		return l
	}
	r := l.resolved.Load()
	if r == nil || !r.isCurrent() {
		r = &resolved{}
		stages := r.expand(l.source, false, nil)
		r.line = compile(stages, runtimeOf(stages), nameOf(stages), surroundings{})
		l.resolved.Store(r)
	}
	return r.line
}

// expand returns stages with those of the switches in place of the switches. open
// are the switches that are being expanded.
func (r *resolved) expand(stages []Stage, cooperative bool, open []*Switch) (all []Stage) {
	for _, s := range stages {
		cooperative := cooperative || s.cooperative
		switch {
		case s.Shape == IsTimeout:
			s.Timeout.Cooperative = s.Timeout.Cooperative || cooperative
			all = append(all, s)
		case s.Shape != IsSwitch:
			all = append(all, s)
		case slices.Contains(open, s.Switch):
			all = append(all, Stage{Shape: IsUnusable, Err: errOwnSwitch})
		default:
			v := s.Switch.current.Load()
			r.switches, r.versions = append(r.switches, s.Switch), append(r.versions, v)
			if v != nil {
				all = append(all, r.expand(v.stages, cooperative, append(slices.Clip(open), s.Switch))...)
			}
		}
	}
	return all
}

var errOwnSwitch error = &messages.ConfigError{Kind: "policy", Field: "Switch", Problem: "must not contain itself"}

// Cooperative returns a line of the stages of s in which all timeouts are
// cooperative, those that its switches hold later included.
func Cooperative(s Stage) *Line {
	stages := slices.Clone(New(s).source)
	for i := range stages {
		stages[i].cooperative = true
		if stages[i].Shape == IsTimeout {
			stages[i].Timeout.Cooperative = true
		}
	}
	return newLine(stages)
}
