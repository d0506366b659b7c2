package health

import (
	"slices"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// OnDemand, as an Interval, means that a check runs only when it is registered and
// when a caller asks for a result.
const OnDemand time.Duration = -1

// minInterval is the shortest Interval and FastInterval.
const minInterval = time.Millisecond

// Config holds the settings of one health check. A zero field means its default.
type Config struct {
	Timeout        time.Duration // how long a run may take; default 10 s
	Interval       time.Duration // time from run to run, with a jitter of ±10 %; at least 1 ms; default 10 s; OnDemand: no runs in the background
	FastInterval   time.Duration // time from run to run while the check fails or recovers; at least 1 ms; doubles with each run, up to Interval; default Interval
	Optional       bool          // if the check is UNHEALTHY, the system is only DEGRADED
	UnhealthyAfter int           // failures in a row that make the status UNHEALTHY; default 1
	HealthyAfter   int           // successes in a row after which an UNHEALTHY check has recovered; default 1
	Groups         []string      // the endpoints that show it; default {"ready"}; empty and not nil: none
	DependsOn      []string      // checks that must work for this one to work; while one is UNHEALTHY this one is blocked: it does not run and is UNKNOWN
}

func (c Config) withDefaults() Config {
	if c.Timeout == 0 {
		c.Timeout = 10 * time.Second
	}
	if c.Interval == 0 {
		c.Interval = 10 * time.Second
	}
	if c.FastInterval == 0 || c.Interval == OnDemand {
		c.FastInterval = c.Interval
	}
	if c.UnhealthyAfter == 0 {
		c.UnhealthyAfter = 1
	}
	if c.HealthyAfter == 0 {
		c.HealthyAfter = 1
	}
	if c.Groups == nil {
		c.Groups = []string{"ready"}
	}
	c.Groups = slices.Clone(c.Groups) // the caller's slice is not modified
	slices.Sort(c.Groups)
	c.Groups = slices.Compact(c.Groups)
	c.DependsOn = slices.Clone(c.DependsOn)
	return c
}

// Check returns the *messages.ConfigError of the settings of the check of that name,
// or nil.
func (c Config) Check(name string) error {
	bad := func(field, problem string) error {
		return &messages.ConfigError{Kind: "check", Name: name, Field: field, Problem: problem}
	}
	negative := func(field string, v any) error { return bad(field, messages.MustNotBeNegative(v)) }
	tooShort := func(d time.Duration) bool { return d != 0 && d != OnDemand && d < minInterval }
	switch {
	case messages.NameProblem(name) != "":
		return bad("Name", messages.NameProblem(name))
	case c.Timeout < 0:
		return negative("Timeout", c.Timeout)
	case c.Interval < 0 && c.Interval != OnDemand:
		return negative("Interval", c.Interval)
	case tooShort(c.Interval):
		return bad("Interval", messages.MustBeAtLeast(minInterval, c.Interval))
	case c.FastInterval < 0:
		return negative("FastInterval", c.FastInterval)
	case tooShort(c.FastInterval):
		return bad("FastInterval", messages.MustBeAtLeast(minInterval, c.FastInterval))
	case c.Interval != OnDemand && c.FastInterval > c.withDefaults().Interval:
		return bad("FastInterval", messages.MustBeAtMost("Interval", c.FastInterval))
	case c.UnhealthyAfter < 0:
		return negative("UnhealthyAfter", c.UnhealthyAfter)
	case c.HealthyAfter < 0:
		return negative("HealthyAfter", c.HealthyAfter)
	case slices.Contains(c.DependsOn, name):
		return bad("DependsOn", "a cycle: it depends on itself")
	}
	if problem := namesProblem(c.Groups); problem != "" {
		return bad("Groups", problem)
	}
	if problem := namesProblem(c.DependsOn); problem != "" {
		return bad("DependsOn", problem)
	}
	return nil
}

// namesProblem returns what is wrong with the first invalid name; "" if all are
// valid.
func namesProblem(names []string) string {
	for _, name := range names {
		if problem := messages.NameProblem(name); problem != "" {
			return "each name " + problem
		}
	}
	return ""
}
