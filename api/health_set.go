package api

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// checkSet is all checks of a system at one moment, sorted by name. It is
// never modified.
type checkSet struct {
	all    *group
	groups map[string]*group // "live", "ready" and the declared ones are always there

	declared []string // groups that are there without a check
}

func newCheckSet(sorted []*health.Handle, declared ...string) *checkSet {
	s := &checkSet{all: &group{checks: sorted}, groups: map[string]*group{"live": {}, "ready": {}}, declared: declared}
	for _, name := range declared {
		s.groups[name] = &group{}
	}
	for _, c := range sorted {
		for _, name := range c.Groups() {
			if s.groups[name] == nil {
				s.groups[name] = &group{}
			}
			s.groups[name].checks = append(s.groups[name].checks, c)
		}
	}
	return s
}

// with returns the set with one more check, at its place.
func (s *checkSet) with(at int, c *health.Handle) *checkSet {
	return newCheckSet(slices.Insert(slices.Clone(s.all.checks), at, c), s.declared...)
}

// without returns the set without the check at a place.
func (s *checkSet) without(at int) *checkSet {
	return newCheckSet(slices.Delete(slices.Clone(s.all.checks), at, at+1), s.declared...)
}

// declare returns the set with groups that are there from now on.
func (s *checkSet) declare(groups []string) *checkSet {
	return newCheckSet(s.all.checks, slices.Concat(s.declared, groups)...)
}

// in returns a group, all checks for "", and whether there is that group.
func (s *checkSet) in(name string) (g *group, found bool) {
	if name == "" {
		return s.all, true
	}
	g, found = s.groups[name]
	return g, found
}

// union returns the checks in any of the groups; all, if none is named.
func (s *checkSet) union(groups []string) *group {
	switch len(groups) {
	case 0:
		return s.all
	case 1:
		if g := s.groups[groups[0]]; g != nil {
			return g
		}
	}
	members := map[string]*health.Handle{}
	for _, name := range groups {
		if g := s.groups[name]; g != nil {
			for _, c := range g.checks {
				members[c.Name()] = c
			}
		}
	}
	return &group{checks: slices.SortedFunc(maps.Values(members), func(a, b *health.Handle) int { return cmp.Compare(a.Name(), b.Name()) })}
}

// dependencies returns the checks that a new check depends on.
func (s *checkSet) dependencies(name string, dependsOn []string) (checks []*health.Handle, err error) {
	bad := func(problem string) error {
		return &ConfigError{Kind: "check", Name: name, Field: "DependsOn", Problem: problem}
	}
	for _, other := range dependsOn {
		if other == name {
			return nil, bad("a cycle: it depends on itself")
		}
		at, found := search(s.all.checks, other)
		if !found {
			return nil, bad("no check '" + messages.Shorten(other) + "' is registered")
		}
		if s.all.checks[at].IsShown() {
			return nil, bad("'" + messages.Shorten(other) + "' shows a circuit breaker: name the check that it watches")
		}
		checks = append(checks, s.all.checks[at])
	}
	return checks, nil
}

// dependant returns the name of a check that depends on the one of that name.
func (s *checkSet) dependant(name string) string {
	for _, c := range s.all.checks {
		if slices.Contains(c.Config().DependsOn, name) {
			return c.Name()
		}
	}
	return ""
}

func search(checks []*health.Handle, name string) (at int, found bool) {
	return slices.BinarySearchFunc(checks, name, func(c *health.Handle, name string) int {
		return cmp.Compare(c.Name(), name)
	})
}

// Groups returns the names of all groups that checks are in, sorted; "live"
// and "ready" are always there.
func (h *Health) Groups() []string {
	if !h.isMade() {
		return nil
	}
	return slices.Sorted(maps.Keys(h.checks.Load().groups))
}

// Status returns the Status that Snapshot would report: of all checks, or of
// those in any of the groups. It runs nothing and never waits.
func (h *Health) Status(groups ...string) Status {
	if !h.isMade() {
		return Unknown
	}
	return h.picture(h.checks.Load().union(groups), time.Now()).status
}
