package badinput

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/understudy-go/understudy/api"
)

// badBreakerConfigs are settings that must be refused, by field.
var badBreakerConfigs = []struct {
	field, input string
	cfg          api.BreakerConfig
}{
	{"FailureThreshold", "-2", api.BreakerConfig{FailureThreshold: -2}},
	{"FailureThreshold", "the least int", api.BreakerConfig{FailureThreshold: math.MinInt}},
	{"ResetTimeout", "negative", api.BreakerConfig{ResetTimeout: -1}},
	{"ResetTimeout", "the least duration", api.BreakerConfig{ResetTimeout: least}},
	{"HalfOpenMaxCalls", "negative", api.BreakerConfig{HalfOpenMaxCalls: -1}},
	{"FailureWindow", "negative", api.BreakerConfig{FailureWindow: -1}},
	{"HalfOpenFailures", "negative", api.BreakerConfig{HalfOpenFailures: -1}},
	{"TrialTimeout", "negative", api.BreakerConfig{TrialTimeout: -1}},
	{"Window", "-1 calls", api.BreakerConfig{Window: api.CountWindow(-1)}},
	{"Window", "the most calls", api.BreakerConfig{Window: api.CountWindow(maxInt)}},
	{"Window", "the least span", api.BreakerConfig{Window: api.TimeWindow(least)}},
	{"Window", "9 ns", api.BreakerConfig{Window: api.TimeWindow(9)}},
	{"MinimumCalls", "negative", api.BreakerConfig{MinimumCalls: -1}},
	{"MinimumCalls", "more than the window", api.BreakerConfig{MinimumCalls: maxInt}},
	{"FailureRate", "NaN", api.BreakerConfig{FailureRate: math.NaN()}},
	{"FailureRate", "+Inf", api.BreakerConfig{FailureRate: math.Inf(1)}},
	{"FailureRate", "-Inf", api.BreakerConfig{FailureRate: math.Inf(-1)}},
	{"FailureRate", "negative", api.BreakerConfig{FailureRate: -math.SmallestNonzeroFloat64}},
	{"FailureRate", "a little above 1", api.BreakerConfig{FailureRate: math.Nextafter(1, 2)}},
	{"SlowCall", "negative", api.BreakerConfig{SlowCall: -1}},
	{"SlowCallRate", "without SlowCall", api.BreakerConfig{SlowCallRate: 1}},
	{"SlowCallRate", "NaN", api.BreakerConfig{SlowCall: 1, SlowCallRate: math.NaN()}},
	{"SlowCallRate", "+Inf", api.BreakerConfig{SlowCall: 1, SlowCallRate: math.Inf(1)}},
	{"ResetBackoff", "NaN", api.BreakerConfig{ResetBackoff: math.NaN()}},
	{"ResetBackoff", "+Inf", api.BreakerConfig{ResetBackoff: math.Inf(1)}},
	{"ResetBackoff", "-Inf", api.BreakerConfig{ResetBackoff: math.Inf(-1)}},
	{"ResetBackoff", "a little below 1", api.BreakerConfig{ResetBackoff: math.Nextafter(1, 0)}},
	{"MaxResetTimeout", "negative", api.BreakerConfig{MaxResetTimeout: -1}},
	{"MaxResetTimeout", "below ResetTimeout", api.BreakerConfig{ResetTimeout: 2, MaxResetTimeout: 1}},
}

// hugeBreakerConfigs are extreme settings that must work.
var hugeBreakerConfigs = map[string]api.BreakerConfig{
	"the longest ResetTimeout":       {FailureThreshold: 1, ResetTimeout: longest},
	"the longest TrialTimeout":       {FailureThreshold: 1, TrialTimeout: longest},
	"the most trials":                {FailureThreshold: 1, HalfOpenMaxCalls: maxInt},
	"the most failed trials":         {FailureThreshold: 1, HalfOpenFailures: maxInt},
	"the shortest failure window":    {FailureThreshold: 2, FailureWindow: 1},
	"the highest threshold":          {FailureThreshold: maxInt},
	"the longest window":             {FailureRate: 0.5, Window: api.TimeWindow(longest)},
	"the shortest window":            {FailureRate: 0.5, Window: api.TimeWindow(10)},
	"the largest window":             {FailureRate: 0.5, Window: api.CountWindow(10_000_000)},
	"calls that no window can hold":  {FailureRate: 0.5, Window: api.TimeWindow(time.Second), MinimumCalls: maxInt},
	"the smallest rate":              {FailureRate: math.SmallestNonzeroFloat64, MinimumCalls: 1},
	"the steepest back-off":          {FailureThreshold: 1, ResetBackoff: math.MaxFloat64, MaxResetTimeout: longest},
	"the longest slow call":          {SlowCall: longest, SlowCallRate: 1},
	"the shortest of everything":     {FailureThreshold: 1, ResetTimeout: 1, TrialTimeout: 1, SlowCall: 1, SlowCallRate: 1, HalfOpenMaxCalls: 1, MaxResetTimeout: 1},
	"nil among the excluded":         {FailureThreshold: 1, Excluded: []error{nil}},
	"a probe that is not there":      {FailureThreshold: 1, ResetTimeout: time.Second, Probe: odd[5]},
	"a classifier that says rubbish": {FailureThreshold: 1, Classify: func(error) api.Outcome { return 200 }},
}

// exercise takes a breaker through all its states, and returns an error if it
// does not answer.
func exercise(b *api.Breaker) error {
	for round := range 5 {
		for range 30 {
			if err := b.Run(today, no); err == nil {
				return errors.New("a failing call returned no error")
			}
			time.Sleep(time.Nanosecond)
		}
		p, _ := b.Acquire(today)
		time.Sleep(time.Duration(round) * 40 * time.Second)
		_ = b.Run(today, yes)
		p.Done(nil)
	}
	if err := errors.Join(b.ForceOpen(), b.Disable(), b.Run(today, yes), b.Reset(), b.Run(today, yes)); err != nil {
		return err
	}
	s, err := b.Stats()
	return errors.Join(err, must(s.State == b.State() && s.Successes+s.Failures > 0, fmt.Sprintf("%+v, but it is %v", s, b.State())))
}

func badBreakers() []row {
	rows := []row{
		{"System.Breaker", "no name", refused("breaker", "Name"), func(v *victim) error { return second(v.s.Breaker("", api.BreakerConfig{})) }},
		{"System.LookupBreaker", "no name", fine, func(v *victim) error { _, ok := v.s.LookupBreaker(""); return must(!ok) }},
		{"Breaker.Configure", "itself", fine, func(v *victim) error { return v.b.Configure(v.b.Config()) }},
		{"Breaker.Trip", "a long reason", fine, func(v *victim) error { return errors.Join(v.b.Trip(long), must(v.b.State() == api.Open)) }},
		{"Breaker.TryNow", "while CLOSED", fine, func(v *victim) error { return errors.Join(v.b.TryNow(), must(v.b.State() == api.Closed)) }},
		{"BreakerConfig.Check", "no name", refused("breaker", "Name"), func(*victim) error { return api.BreakerConfig{}.Check("") }},
		{"Breaker.Run", "nil ctx", refused("call", "ctx"), func(v *victim) error { return v.b.Run(never, yes) }},
		{"Breaker.Run", "nil fn", refused("call", "fn"), func(v *victim) error { return v.b.Run(today, nil) }},
		{"Breaker.Acquire", "nil ctx", refused("call", "ctx"), func(v *victim) error { return second(v.b.Acquire(never)) }},
		{"Permit.Done", "an error that panics", fine, func(v *victim) error {
			_ = v.b.Configure(api.BreakerConfig{Classify: func(error) api.Outcome { panic("rubbish") }})
			p, err := v.b.Acquire(today)
			func() {
				defer func() { _ = recover() }()
				p.Done(nil)
			}()
			s, _ := v.b.Stats()
			return errors.Join(err, must(s.Failures == 1, "its failure was lost"))
		}},
	}
	for _, bad := range badBreakerConfigs {
		rows = append(rows, row{"System.Breaker", bad.field + " " + bad.input, refused("breaker", bad.field), func(v *victim) error {
			b, err := v.s.Breaker("x", bad.cfg)
			_, made := v.s.LookupBreaker("x")
			return errors.Join(must(b == nil && !made, "something half-made is left"), err)
		}}, row{"Breaker.Configure", bad.field + " " + bad.input, refused("breaker", bad.field), func(v *victim) error {
			err := v.b.Configure(bad.cfg)
			return errors.Join(must(v.b.Config().FailureThreshold == 5, "bad settings changed something"), err, exercise(v.b))
		}})
	}
	for input, cfg := range hugeBreakerConfigs {
		rows = append(rows, row{"System.Breaker", input, fine, func(v *victim) error {
			b, err := v.s.Breaker("x", cfg)
			return errors.Join(err, exercise(b))
		}}, row{"Breaker.Configure", input, fine, func(v *victim) error {
			return errors.Join(exercise(v.b), v.b.Configure(cfg), exercise(v.b))
		}})
	}
	for _, name := range odd {
		rows = append(rows, row{"System.Breaker", "name " + name, fine, func(v *victim) error {
			b, err := v.s.Breaker(name, api.BreakerConfig{})
			found, _ := v.s.LookupBreaker(name)
			forced := b.ForceOpen()
			refusal := b.Run(today, yes)
			return errors.Join(err, forced, must(found == b && b.Name() == name, "not found"),
				must(errors.Is(refusal, api.ErrCircuitOpen) && short(refusal), "the refusal is too long, or no text"))
		}})
	}
	for _, name := range noNames {
		rows = append(rows, row{"System.Breaker", "name " + name, refused("breaker", "Name"), func(v *victim) error { return second(v.s.Breaker(name, api.BreakerConfig{})) }})
		if name != "" {
			rows = append(rows, row{"System.Breaker", "probe " + name, refused("breaker", "Probe"), func(v *victim) error {
				return second(v.s.Breaker("x", api.BreakerConfig{Probe: name}))
			}})
		}
	}
	for input, b := range map[string]*api.Breaker{"nil": nil, "a zero Breaker": {}} {
		rows = append(rows, badReceivers(input, b)...)
	}
	return rows
}

// badReceivers calls the methods of a Breaker that no System returned.
func badReceivers(input string, b *api.Breaker) []row {
	not := refused("breaker", "Breaker")
	add := func(method string, want want, call func() error) row {
		return row{"Breaker." + method, input, want, func(*victim) error { return call() }}
	}
	rows := []row{
		add("Run", not, func() error { return b.Run(today, yes) }),
		add("Acquire", not, func() error { return second(b.Acquire(today)) }),
		add("Stats", not, func() error { return second(b.Stats()) }),
		add("Reset", not, b.Reset),
		add("ForceOpen", not, b.ForceOpen),
		add("Disable", not, b.Disable),
		add("Configure", not, func() error { return b.Configure(api.BreakerConfig{}) }),
		add("Name", fine, func() error { return must(b.Name() == "") }),
		add("Config", fine, func() error { return must(b.Config().FailureThreshold == 0) }),
		add("State", fine, func() error { return must(b.State() == api.Closed) }),
		add("TimeUntilReset", fine, func() error { return must(b.TimeUntilReset() == 0) }),
		{"Run", input + " as a policy", not, func(*victim) error { return api.Run(today, b, yes) }},
		{"Compose", input + " within", not, func(*victim) error { return api.Run(today, api.Compose(b, b), yes) }},
	}
	for input, p := range map[string]*api.Permit{"nil": nil, "a zero Permit": {}} {
		rows = append(rows,
			row{"Permit.Done", input, fine, func(*victim) error { p.Done(errBoom); p.Done(nil); return nil }},
			row{"Permit.Cancel", input, fine, func(*victim) error { p.Cancel(); p.Cancel(); return nil }})
	}
	return rows
}

func badTimeouts() []row {
	rows := []row{
		{"WithTimeout", "nil ctx", refused("call", "ctx"), func(*victim) error { return second(api.WithTimeout(never, 1, seven)) }},
		{"WithTimeout", "nil fn", refused("call", "fn"), func(*victim) error { return second(api.WithTimeout[int](today, 1, nil)) }},
		{"WithTimeout", "nil fallback", refused("fallback", "fn"), func(*victim) error { return second(api.WithTimeout(today, time.Hour, none, nil)) }},
		{"Timeout", "the longest limit", fine, func(*victim) error { return second(api.Do(today, api.Timeout(longest), seven)) }},
		{"Timeout", "a nil pointer to it", refused("policy", "Policy"), func(*victim) error { return api.Run(today, (*api.TimeoutConfig)(nil), yes) }},
	}
	for _, limit := range []time.Duration{0, -1, least} {
		for _, cooperative := range []bool{false, true} {
			rows = append(rows, row{"Timeout", fmt.Sprint(limit, cooperative), is(api.ErrTimeout), func(v *victim) error {
				ran := false
				policy := api.Compose(v.r, api.TimeoutConfig{Limit: limit, Cooperative: cooperative}, v.b)
				err := api.Run(today, policy, func(context.Context) error { ran = true; return nil })
				return errors.Join(err, must(!ran, "it ran"))
			}})
		}
	}
	for _, name := range slices.Concat(odd, noNames) {
		rows = append(rows, row{"TimeoutError.Error", name, fine, func(*victim) error {
			return must(short(api.Run(today, api.TimeoutConfig{Operation: name}, yes)), "too long, or no text")
		}})
	}
	return rows
}
