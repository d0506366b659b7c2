package health

import "github.com/understudy-go/understudy/messages"

// Overall folds the statuses of checks into one: UNHEALTHY if a required check
// is, else DEGRADED if any is DEGRADED or an optional one UNHEALTHY, else
// UNKNOWN if any is, else HEALTHY. The zero value has seen no check.
type Overall struct{ unhealthy, degraded, unknown bool }

// Add takes the status of one more check.
func (o *Overall) Add(s messages.Status, optional bool) {
	switch {
	case s == messages.Unhealthy && !optional:
		o.unhealthy = true
	case s == messages.Unhealthy || s == messages.Degraded:
		o.degraded = true
	case s != messages.Healthy:
		o.unknown = true
	}
}

// Status returns the status of all.
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
