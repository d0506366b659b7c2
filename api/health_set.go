package api

import (
	"cmp"
	"maps"
	"slices"

	"github.com/understudy-go/understudy/actors/health"
)

// checkSet is all checks of a system at one moment. It is never modified.
type checkSet struct {
	all    []*health.Handle            // sorted by name
	groups map[string][]*health.Handle // each sorted by name; "live" and "ready" are always there
}

func newCheckSet(sorted []*health.Handle) *checkSet {
	s := &checkSet{all: sorted, groups: map[string][]*health.Handle{"live": nil, "ready": nil}}
	for _, c := range sorted {
		groups := slices.Compact(slices.Sorted(slices.Values(c.Config().Groups)))
		for _, g := range groups {
			s.groups[g] = append(s.groups[g], c)
		}
	}
	return s
}

// with returns the set with one more check, at its place.
func (s *checkSet) with(at int, c *health.Handle) *checkSet {
	return newCheckSet(slices.Insert(slices.Clone(s.all), at, c))
}

// without returns the set without the check at a place.
func (s *checkSet) without(at int) *checkSet {
	return newCheckSet(slices.Delete(slices.Clone(s.all), at, at+1))
}

// in returns the checks of a group, all for "", and whether there is that group.
func (s *checkSet) in(group string) (checks []*health.Handle, found bool) {
	if group == "" {
		return s.all, true
	}
	checks, found = s.groups[group]
	return checks, found
}

// union returns the checks in any of the groups; all, if none is named.
func (s *checkSet) union(groups []string) []*health.Handle {
	switch len(groups) {
	case 0:
		return s.all
	case 1:
		return s.groups[groups[0]]
	}
	members := map[string]*health.Handle{}
	for _, g := range groups {
		for _, c := range s.groups[g] {
			members[c.Name()] = c
		}
	}
	return slices.SortedFunc(maps.Values(members), func(a, b *health.Handle) int { return cmp.Compare(a.Name(), b.Name()) })
}

func search(checks []*health.Handle, name string) (at int, found bool) {
	return slices.BinarySearchFunc(checks, name, func(c *health.Handle, name string) int {
		return cmp.Compare(c.Name(), name)
	})
}
