package health

import (
	"slices"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// OnDemand as an Interval means: run only in Register and when asked.
const OnDemand time.Duration = -1

// Config holds the settings of one health check. The zero value means the
// defaults.
type Config struct {
	Timeout        time.Duration // how long a run may take; default 10 s
	Interval       time.Duration // background period, jittered by ±10 %; default 10 s; OnDemand: only when asked
	FastInterval   time.Duration // period while failing or recovering, doubling with each run up to Interval; default Interval
	Optional       bool          // failing makes the system DEGRADED, not UNHEALTHY
	UnhealthyAfter int           // failures in a row before the status says so; default 1
	HealthyAfter   int           // successes in a row before an UNHEALTHY check is well again; default 1
	Groups         []string      // which endpoints show it; default {"ready"}; empty but not nil: none
	DependsOn      []string      // checks without which it cannot be well; while one is UNHEALTHY it is "blocked" and not run
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
	c.Groups = slices.Clone(c.Groups) // the caller's slice stays the caller's
	slices.Sort(c.Groups)
	c.Groups = slices.Compact(c.Groups)
	c.DependsOn = slices.Clone(c.DependsOn)
	return c
}

func (c Config) validate(name string) error {
	bad := func(field, problem string) error {
		return &messages.ConfigError{Kind: "check", Name: name, Field: field, Problem: problem}
	}
	negative := func(field string, v any) error { return bad(field, messages.MustNotBeNegative(v)) }
	switch {
	case messages.NameProblem(name) != "":
		return bad("Name", messages.NameProblem(name))
	case c.Timeout < 0:
		return negative("Timeout", c.Timeout)
	case c.Interval < 0 && c.Interval != OnDemand:
		return negative("Interval", c.Interval)
	case c.FastInterval < 0:
		return negative("FastInterval", c.FastInterval)
	case c.Interval != OnDemand && c.FastInterval > c.withDefaults().Interval:
		return bad("FastInterval", messages.MustBeAtMost("Interval", c.FastInterval))
	case c.UnhealthyAfter < 0:
		return negative("UnhealthyAfter", c.UnhealthyAfter)
	case c.HealthyAfter < 0:
		return negative("HealthyAfter", c.HealthyAfter)
	}
	for _, group := range c.Groups {
		if problem := messages.NameProblem(group); problem != "" {
			return bad("Groups", "each name "+problem)
		}
	}
	return nil
}
