package healthz

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// Set holds all checks of a system. It is immutable: a change makes another Set.
type Set struct {
	all    *group
	groups map[string]*group // "live", "ready" and the declared ones always exist

	declared []string // groups that exist even without a check
}

// group holds the checks of one group, sorted by name, and what is kept about them.
type group struct {
	checks  []*health.Handle
	reading sync.Mutex // held while kept is replaced
	kept    atomic.Pointer[kept]
}

// NewSet returns a set of checks, which must be sorted by name. The declared
// groups exist even if no check is in them.
func NewSet(sorted []*health.Handle, declared ...string) *Set {
	s := &Set{all: &group{checks: sorted}, groups: map[string]*group{"live": {}, "ready": {}}, declared: declared}
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

// Checks returns all checks, sorted by name. They are read only.
func (s *Set) Checks() []*health.Handle { return s.all.checks }

// Find returns the check with that name, if there is one.
func (s *Set) Find(name string) (c *health.Handle, found bool) { return find(s.all.checks, name) }

// With returns a set that also holds c. No check in s may have c's name.
func (s *Set) With(c *health.Handle) *Set {
	at, _ := search(s.all.checks, c.Name())
	return NewSet(slices.Insert(slices.Clone(s.all.checks), at, c), s.declared...)
}

// Without returns a set that does not hold the check with that name.
func (s *Set) Without(name string) *Set {
	rest := slices.DeleteFunc(slices.Clone(s.all.checks), func(c *health.Handle) bool { return c.Name() == name })
	return NewSet(rest, s.declared...)
}

// Declare returns a set in which these groups exist even without a check.
func (s *Set) Declare(groups []string) *Set {
	return NewSet(s.all.checks, slices.Concat(s.declared, groups)...)
}

// Groups returns the names of all groups, sorted. "live" and "ready" are always
// among them.
func (s *Set) Groups() []string { return slices.Sorted(maps.Keys(s.groups)) }

// group returns the group with that name, if there is one; "" is all checks.
func (s *Set) group(name string) (g *group, found bool) {
	if name == "" {
		return s.all, true
	}
	g, found = s.groups[name]
	return g, found
}

// union returns the checks that are in any of the groups; all checks if groups is
// empty.
func (s *Set) union(groups []string) []*health.Handle {
	switch len(groups) {
	case 0:
		return s.all.checks
	case 1:
		if g := s.groups[groups[0]]; g != nil {
			return g.checks
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
	return slices.SortedFunc(maps.Values(members), func(a, b *health.Handle) int { return cmp.Compare(a.Name(), b.Name()) })
}

// Dependencies returns the checks that a new check with that name depends on. It
// returns a *messages.ConfigError if one of them is not registered or is passive.
func (s *Set) Dependencies(name string, dependsOn []string) (checks []*health.Handle, err error) {
	bad := func(problem string) error {
		return &messages.ConfigError{Kind: "check", Name: name, Field: "DependsOn", Problem: problem}
	}
	for _, other := range dependsOn {
		c, found := s.Find(other)
		if !found {
			return nil, bad("no check '" + messages.Clip(other) + "' is registered")
		}
		if c.IsPassive() {
			return nil, bad("'" + other + "' shows a circuit breaker: name the check that it watches")
		}
		checks = append(checks, c)
	}
	return checks, nil
}

// Dependent returns the name of a check that depends on the check with that name;
// "" if there is none.
func (s *Set) Dependent(name string) string {
	for _, c := range s.all.checks {
		if slices.Contains(c.Config().DependsOn, name) {
			return c.Name()
		}
	}
	return ""
}

func search(sorted []*health.Handle, name string) (at int, found bool) {
	return slices.BinarySearchFunc(sorted, name, func(c *health.Handle, name string) int {
		return cmp.Compare(c.Name(), name)
	})
}

func find(sorted []*health.Handle, name string) (c *health.Handle, found bool) {
	at, found := search(sorted, name)
	if !found {
		return nil, false
	}
	return sorted[at], true
}
