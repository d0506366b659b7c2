package api

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
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

// dependencies returns the checks that a new check depends on.
func (s *checkSet) dependencies(name string, dependsOn []string) (checks []*health.Handle, err error) {
	bad := func(problem string) error {
		return &ConfigError{Kind: "check", Name: name, Field: "DependsOn", Problem: problem}
	}
	for _, other := range dependsOn {
		if other == name {
			return nil, bad("a cycle: it depends on itself")
		}
		at, found := search(s.all, other)
		if !found {
			return nil, bad("no check '" + messages.Shorten(other) + "' is registered")
		}
		checks = append(checks, s.all[at])
	}
	return checks, nil
}

// dependant returns the name of a check that depends on the one of that name.
func (s *checkSet) dependant(name string) string {
	for _, c := range s.all {
		if slices.Contains(c.Config().DependsOn, name) {
			return c.Name()
		}
	}
	return ""
}

// rootCauses returns the checks that block others, each once.
func rootCauses(results []CheckResult) []string {
	var causes []string
	for _, r := range results {
		if r.BlockedBy != "" && !slices.Contains(causes, r.BlockedBy) {
			causes = append(causes, r.BlockedBy)
		}
	}
	slices.Sort(causes)
	return causes
}

func search(checks []*health.Handle, name string) (at int, found bool) {
	return slices.BinarySearchFunc(checks, name, func(c *health.Handle, name string) int {
		return cmp.Compare(c.Name(), name)
	})
}

// Groups returns the names of all groups that checks are in, sorted; "live"
// and "ready" are always there.
func (h *Health) Groups() []string { return slices.Sorted(maps.Keys(h.checks.Load().groups)) }

// Status returns the Status that Snapshot would report: of all checks, or of
// those in any of the groups. It runs nothing and never waits.
func (h *Health) Status(groups ...string) Status {
	now := time.Now()
	var all health.Overall
	for _, c := range h.checks.Load().union(groups) {
		all.Add(c.Status(now), c.Config().Optional)
	}
	return all.Status()
}
