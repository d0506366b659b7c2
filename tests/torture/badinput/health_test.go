package badinput

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing/synctest"
	"time"

	"github.com/understudy-go/understudy/api"
)

// badCheckConfigs are settings that must be refused, by field.
var badCheckConfigs = []struct {
	field, input string
	cfg          api.CheckConfig
}{
	{"Timeout", "negative", api.CheckConfig{Timeout: -1}},
	{"Timeout", "the least duration", api.CheckConfig{Timeout: least}},
	{"Interval", "-2", api.CheckConfig{Interval: -2}},
	{"Interval", "the least duration", api.CheckConfig{Interval: least}},
	{"Interval", "1 ns", api.CheckConfig{Interval: 1}},
	{"FastInterval", "1 ns", api.CheckConfig{FastInterval: 1}},
	{"FastInterval", "negative", api.CheckConfig{FastInterval: -1}},
	{"FastInterval", "longer than Interval", api.CheckConfig{Interval: time.Second, FastInterval: 2 * time.Second}},
	{"FastInterval", "longer than the default", api.CheckConfig{FastInterval: longest}},
	{"UnhealthyAfter", "negative", api.CheckConfig{UnhealthyAfter: -1}},
	{"UnhealthyAfter", "the least int", api.CheckConfig{UnhealthyAfter: math.MinInt}},
	{"HealthyAfter", "negative", api.CheckConfig{HealthyAfter: -1}},
	{"Groups", "an empty name", api.CheckConfig{Groups: []string{"a", ""}}},
	{"DependsOn", "itself", api.CheckConfig{DependsOn: []string{"x"}}},
	{"DependsOn", notThere, api.CheckConfig{DependsOn: []string{odd[0]}}},
	{"DependsOn", "no name", api.CheckConfig{DependsOn: []string{""}}},
	{"DependsOn", "invalid UTF-8", api.CheckConfig{DependsOn: []string{"a\xff"}}},
	{"DependsOn", "a long name", api.CheckConfig{DependsOn: []string{long}}},
}

// notThere is the input of a setting that is good except that it names no registered check.
const notThere = "one that is not there"

// hugeCheckConfigs are extreme settings that must work.
var hugeCheckConfigs = map[string]api.CheckConfig{
	"the longest of everything":       {Timeout: longest, Interval: longest, FastInterval: longest, UnhealthyAfter: maxInt, HealthyAfter: maxInt},
	"the longest Timeout":             {Timeout: longest},
	"the longest Interval":            {Interval: longest},
	"a long Interval, a short Fast":   {Interval: longest, FastInterval: time.Millisecond},
	"the shortest Timeout":            {Timeout: 1, Interval: api.OnDemand},
	"many successes to be well again": {HealthyAfter: maxInt},
	"the same group twice":            {Groups: []string{"a", "a", "ready"}},
	"no group":                        {Groups: []string{}},
	"the same dependency twice":       {DependsOn: []string{"c", "c"}},
}

// counted registers a check, and returns an error unless in ten virtual minutes
// it runs about as often as its settings say.
func counted(h *api.Health, cfg api.CheckConfig) error {
	runs := 0
	err := h.Register("x", cfg, func(context.Context) (api.Details, error) { runs++; return nil, nil })
	time.Sleep(10 * time.Minute)
	synctest.Wait()
	r := h.Run(today, "x")
	return errors.Join(err, must(runs > 0 && runs < 100, "it ran ", runs, " times"),
		must(r.Status == api.Healthy || cfg.Timeout == 1, fmt.Sprintf("it reads %v %q", r.Status, r.Message)),
		must(h.Status() == h.Snapshot().Status, "Status and Snapshot disagree"), h.Deregister("x"))
}

func badHealth() []row {
	unknown := func(r api.CheckResult) error {
		return must(r.Status == api.Unknown && r.Message != "", fmt.Sprintf("%+v", r))
	}
	rows := []row{
		{"Health.Register", "no name", refused("check", "Name"), func(v *victim) error { return v.h.Register("", api.CheckConfig{}, healthy) }},
		{"Health.Register", "a name that is taken", refused("check", "Name"), func(v *victim) error { return v.h.Register("c", api.CheckConfig{}, healthy) }},
		{"Health.Register", "nil check", refused("check", "Check"), func(v *victim) error { return v.h.Register("x", api.CheckConfig{}, nil) }},
		{"Ping", "nil", refused("check", "Check"), func(v *victim) error { return v.h.Register("x", api.CheckConfig{}, api.Ping(nil)) }},
		{"Bool", "nil", refused("check", "Check"), func(v *victim) error { return v.h.Register("x", api.CheckConfig{}, api.Bool(nil)) }},
		{"Strict", "nil", refused("check", "Check"), func(v *victim) error { return v.h.Register("x", api.CheckConfig{}, api.Strict(nil)) }},
		{"Degrade", "no message", fine, func(v *victim) error {
			err := v.h.Register("x", api.CheckConfig{}, api.Ping(func(context.Context) error { return api.Degrade("") }))
			return errors.Join(err, must(v.h.Run(today, "x").Status == api.Degraded, "it is not DEGRADED"))
		}},
		{"System.BreakersCheck", "a nil breaker", refused("check", "Check"), func(v *victim) error {
			return v.h.Register("x", api.CheckConfig{}, v.s.BreakersCheck(v.b, nil))
		}},
		{"System.BreakersCheck", "a zero breaker", fine, func(v *victim) error { return second(v.s.BreakersCheck(new(api.Breaker))(today)) }},
		{"System.BreakersCheck", "nil ctx", fine, func(v *victim) error { return second(v.s.BreakersCheck()(never)) }},
		{"System.BreakersCheck", "a nil system", fine, func(*victim) error { return second((*api.System)(nil).BreakersCheck()(today)) }},
		{"Health.Deregister", "no name", refused("check", "Name"), func(v *victim) error { return v.h.Deregister("") }},
		{"Health.Deregister", "one that is not there", refused("check", "Name"), func(v *victim) error { return v.h.Deregister(long) }},
		{"Health.Deregister", "one that others need", refused("check", "DependsOn"), func(v *victim) error {
			return errors.Join(v.h.Register("x", api.CheckConfig{DependsOn: []string{"c"}}, healthy), v.h.Deregister("c"))
		}},
		{"Health.Run", "nil ctx", fine, func(v *victim) error { return unknown(v.h.Run(never, "c")) }},
		{"Health.Run", "no name", fine, func(v *victim) error { return unknown(v.h.Run(today, "")) }},
		{"Health.Run", "a long name", fine, func(v *victim) error { return must(len(v.h.Run(today, long).Message) < 1000, "too long") }},
		{"Health.RunAll", "nil ctx", fine, func(v *victim) error { return unknown(v.h.RunAll(never).Checks[0]) }},
		{"Health.Snapshot", "groups that are not there", fine, func(v *victim) error { return must(len(v.h.Snapshot("", "no", odd[0]).Checks) == 0, "it shows some") }},
		{"Health.Status", "groups that are not there", fine, func(v *victim) error { return must(v.h.Status("", "no") == api.Healthy) }},
	}
	for _, bad := range badCheckConfigs {
		rows = append(rows, row{"Health.Register", bad.field + " " + bad.input, refused("check", bad.field), func(v *victim) error {
			return errors.Join(v.h.Register("x", bad.cfg, healthy), must(len(v.h.Snapshot().Checks) == 1, "something half-made is left"))
		}})
	}
	for _, bad := range badCheckConfigs {
		if bad.input == notThere {
			continue // only Register knows
		}
		rows = append(rows, row{"CheckConfig.Check", bad.field + " " + bad.input, refused("check", bad.field), func(*victim) error { return bad.cfg.Check("x") }})
	}
	for input, cfg := range hugeCheckConfigs {
		rows = append(rows, row{"CheckConfig.Check", input, fine, func(*victim) error { return cfg.Check("x") }})
		rows = append(rows, row{"Health.Register", input, fine, func(v *victim) error { return counted(v.h, cfg) }})
	}
	for _, name := range odd {
		rows = append(rows, row{"Health.Register", "name " + name, fine, func(v *victim) error {
			err := v.h.Register(name, api.CheckConfig{Groups: []string{name}}, healthy)
			return errors.Join(err, must(len(v.h.Snapshot(name).Checks) == 1 && v.h.Run(today, name).Status == api.Healthy, "it is not there"), v.h.Deregister(name))
		}})
	}
	for _, name := range noNames {
		rows = append(rows, row{"CheckConfig.Check", "name " + name, refused("check", "Name"), func(*victim) error { return api.CheckConfig{}.Check(name) }},
			row{"Health.Register", "name " + name, refused("check", "Name"), func(v *victim) error { return v.h.Register(name, api.CheckConfig{}, healthy) }},
			row{"Health.Register", "group " + name, refused("check", "Groups"), func(v *victim) error {
				return v.h.Register("x", api.CheckConfig{Groups: []string{name}}, healthy)
			}})
	}
	for input, check := range sickChecks {
		rows = append(rows, row{"Health.Register", input, fine, func(v *victim) error {
			err := v.h.Register("x", api.CheckConfig{}, check)
			r := v.h.Run(today, "x")
			text, bad := v.h.Snapshot().MarshalJSON()
			return errors.Join(err, bad, must(r.Status == api.Unhealthy && len(text) > 0, fmt.Sprintf("%v %q", r.Status, r.Message)))
		}})
	}
	for input, h := range map[string]*api.Health{"nil": nil, "a zero Health": {}} {
		rows = append(rows, badHealths(input, h)...)
	}
	return rows
}

// sickChecks are bad check functions. All must read UNHEALTHY.
var sickChecks = map[string]api.Check{
	"a check that panics":                  func(context.Context) (api.Details, error) { panic("rubbish") },
	"a check that panics with nil":         func(context.Context) (api.Details, error) { panic(nil) },
	"a check that panics with a bad error": func(context.Context) (api.Details, error) { panic(badError{}) },
	"a check whose error panics":           func(context.Context) (api.Details, error) { return nil, badError{} },
	"a check with a typed nil error":       func(context.Context) (api.Details, error) { return nil, (*api.FallbackError)(nil) },
}

type badError struct{}

func (badError) Error() string { panic("this error has no text") }

// badHealths calls the methods of a Health that no System returned.
func badHealths(input string, h *api.Health) []row {
	not := refused("check", "Health")
	add := func(method string, want want, call func() error) row {
		return row{"Health." + method, input, want, func(*victim) error { return call() }}
	}
	return []row{
		add("Register", not, func() error { return h.Register("x", api.CheckConfig{}, healthy) }),
		add("Deregister", not, func() error { return h.Deregister("x") }),
		add("HandlerWith", not, func() error { return second(h.HandlerWith(api.HandlerConfig{})) }),
		add("Handler", fine, func() error { return must(get(h.Handler(), "/health", "").Code == 404) }),
		add("Run", fine, func() error { return must(h.Run(today, "x").Status == api.Unknown) }),
		add("RunAll", fine, func() error { return must(h.RunAll(today).Status == api.Unknown) }),
		add("Snapshot", fine, func() error { return must(h.Snapshot().Status == api.Unknown) }),
		add("Status", fine, func() error { return must(h.Status() == api.Unknown) }),
		add("Groups", fine, func() error { return must(len(h.Groups()) == 0) }),
		add("Draining", fine, func() error { return must(h.Draining() == nil) }),
	}
}
