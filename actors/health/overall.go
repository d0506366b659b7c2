package health

import (
	"slices"

	"github.com/understudy-go/understudy/messages"
)

// Overall combines the results of checks into one status: UNHEALTHY if a required
// check is, else DEGRADED if any check is or an optional one is UNHEALTHY, else
// UNKNOWN if any check is, else HEALTHY. It also collects the root causes. The zero
// value is that of no checks: HEALTHY. It is not safe for concurrent use.
type Overall struct {
	unhealthy, degraded, unknown bool
	causes                       []string
}

// Add adds the result of one check.
func (o *Overall) Add(r Result, optional bool) {
	switch {
	case r.Status == messages.Unhealthy && !optional:
		o.unhealthy = true
	case r.Status == messages.Unhealthy || r.Status == messages.Degraded:
		o.degraded = true
	case r.Status != messages.Healthy:
		o.unknown = true
	}
	if r.BlockedBy != "" && !slices.Contains(o.causes, r.BlockedBy) {
		o.causes = append(o.causes, r.BlockedBy)
	}
}

// Status returns the combined status.
func (o *Overall) Status() messages.Status {
	switch {
	case o.unhealthy:
		return messages.Unhealthy
	case o.degraded:
		return messages.Degraded
	case o.unknown:
		return messages.Unknown
	}
	return messages.Healthy
}

// RootCauses returns the names of the checks that block others, sorted, without
// duplicates; nil if there are none.
func (o *Overall) RootCauses() []string {
	slices.Sort(o.causes)
	return o.causes
}
