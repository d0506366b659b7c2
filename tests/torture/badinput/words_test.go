package badinput

import (
	"encoding"
	"encoding/json"
	"errors"
	"math"
	"time"

	"github.com/understudy-go/understudy/api"
)

// badWords are settings, states and counts that cannot be, in JSON, YAML and text.
func badWords() []row {
	rubbish := api.BreakerConfig{
		FailureThreshold: math.MinInt, ResetTimeout: least, Window: api.TimeWindow(least), FailureRate: math.NaN(), SlowCallRate: math.Inf(-1),
		Expected: []error{nil, errors.New(garbled)}, Excluded: []error{(*api.RetryError)(nil)},
	}
	rubbishRetry := api.RetryConfig{
		MaxAttempts: math.MinInt, BackoffFactor: math.NaN(), Jitter: api.JitterBy(math.NaN()), Classify: func(error) api.Outcome { panic(errBoom) },
		Budget: &api.RetryBudget{Ratio: math.Inf(1), Window: least},
	}
	counts := api.BreakerStats{Name: garbled, State: 200, Mode: 200, FailureRate: math.Inf(1), TimeUntilReset: least}
	valid := func(of any) func(*victim) error {
		return func(*victim) error { return second(json.Marshal(of)) }
	}
	yaml := func(of interface{ MarshalYAML() (any, error) }) func(*victim) error {
		return func(*victim) error { return second(of.MarshalYAML()) }
	}
	text := func(of encoding.TextMarshaler) func(*victim) error {
		return func(*victim) error {
			text, err := of.MarshalText()
			return errors.Join(err, must(len(text) > 0, "no text"))
		}
	}
	rows := []row{
		{"BreakerConfig.MarshalJSON", "rubbish", fine, valid(rubbish)},
		{"BreakerConfig.MarshalYAML", "rubbish", fine, yaml(rubbish)},
		{"BreakerStats.MarshalJSON", "rubbish", fine, valid(counts)},
		{"BreakerStats.MarshalYAML", "rubbish", fine, yaml(counts)},
		{"RetryConfig.MarshalJSON", "rubbish", fine, valid(rubbishRetry)},
		{"RetryConfig.MarshalYAML", "rubbish", fine, yaml(rubbishRetry)},
		{"CheckConfig.MarshalJSON", "rubbish", fine, valid(api.CheckConfig{Timeout: least, Groups: []string{garbled}})},
		{"CheckConfig.MarshalYAML", "rubbish", fine, yaml(api.CheckConfig{Timeout: least, Groups: []string{garbled}})},
		{"TimeoutConfig.MarshalJSON", "rubbish", fine, valid(api.TimeoutConfig{Limit: least, Operation: garbled, Late: func(any, error) {}})},
		{"TimeoutConfig.MarshalYAML", "rubbish", fine, yaml(api.TimeoutConfig{Limit: least, Operation: garbled, Late: func(any, error) {}})},
		{"RetryStats.MarshalJSON", "rubbish", fine, valid(api.RetryStats{Name: garbled, Waited: least})},
		{"RetryStats.MarshalYAML", "rubbish", fine, yaml(api.RetryStats{Name: garbled, Waited: least})},
		{"Jitter.MarshalText", "no number", fine, text(api.JitterBy(math.NaN()))},
		{"State.MarshalText", "none that exists", fine, text(api.State(200))},
		{"Mode.MarshalText", "none that exists", fine, text(api.Mode(200))},
		{"Outcome.MarshalText", "none that exists", fine, text(api.Outcome(200))},
		{"Window.MarshalText", "the least span", fine, text(api.TimeWindow(least))},
		{"Window.String", "negative", fine, func(*victim) error { return must(api.CountWindow(-1).String() == "-1 calls") }},
	}
	for _, bad := range []string{"", "well", "\xff", long} {
		for function, of := range wordsFrom() {
			rows = append(rows, row{function, bad, func(err error) string { return isNot(err, nil) }, func(*victim) error {
				err := of.UnmarshalText([]byte(bad))
				return errors.Join(err, must(err == nil || len(err.Error()) < 1000, "too long"))
			}})
		}
	}
	return rows
}

// wordsFrom returns what can be read from text, by the name of the function.
func wordsFrom() map[string]encoding.TextUnmarshaler {
	return map[string]encoding.TextUnmarshaler{
		"State.UnmarshalText": new(api.State), "Mode.UnmarshalText": new(api.Mode),
		"Outcome.UnmarshalText": new(api.Outcome), "Window.UnmarshalText": new(api.Window), "Jitter.UnmarshalText": new(api.Jitter),
	}
}

// useWords returns the uses of the functions of badWords.
func useWords() []use {
	all := []use{
		{"BreakerConfig.MarshalJSON", func(*victim) error { return second(json.Marshal(api.BreakerConfig{})) }, nil},
		{"BreakerConfig.MarshalYAML", func(*victim) error { return second(api.BreakerConfig{}.MarshalYAML()) }, nil},
		{"BreakerStats.MarshalJSON", func(*victim) error { return second(json.Marshal(api.BreakerStats{})) }, nil},
		{"BreakerStats.MarshalYAML", func(*victim) error { return second(api.BreakerStats{}.MarshalYAML()) }, nil},
		{"RetryConfig.MarshalJSON", func(*victim) error { return second(json.Marshal(api.RetryConfig{})) }, nil},
		{"RetryConfig.MarshalYAML", func(*victim) error { return second(api.RetryConfig{}.MarshalYAML()) }, nil},
		{"CheckConfig.MarshalJSON", func(*victim) error { return second(json.Marshal(api.CheckConfig{})) }, nil},
		{"CheckConfig.MarshalYAML", func(*victim) error { return second(api.CheckConfig{}.MarshalYAML()) }, nil},
		{"TimeoutConfig.MarshalJSON", func(*victim) error { return second(json.Marshal(api.TimeoutConfig{})) }, nil},
		{"TimeoutConfig.MarshalYAML", func(*victim) error { return second(api.TimeoutConfig{}.MarshalYAML()) }, nil},
		{"RetryStats.MarshalJSON", func(*victim) error { return second(json.Marshal(api.RetryStats{})) }, nil},
		{"RetryStats.MarshalYAML", func(*victim) error { return second(api.RetryStats{}.MarshalYAML()) }, nil},
		{"Jitter.MarshalText", func(*victim) error { return second(api.JitterFull.MarshalText()) }, nil},
		{"State.MarshalText", func(*victim) error { return second(api.Open.MarshalText()) }, nil},
		{"Mode.MarshalText", func(*victim) error { return second(api.Disabled.MarshalText()) }, nil},
		{"Outcome.MarshalText", func(*victim) error { return second(api.Failure.MarshalText()) }, nil},
		{"Window.MarshalText", func(*victim) error { return second(api.TimeWindow(time.Second).MarshalText()) }, nil},
		{"BreakerConfig.Check", func(*victim) error { return api.BreakerConfig{}.Check("x") }, nil},
		plain("Window.String", func(*victim) { _ = api.Window{}.String() }),
	}
	for function := range wordsFrom() {
		all = append(all, plain(function, func(*victim) { _ = wordsFrom()[function].UnmarshalText([]byte("open")) })) // each use has its own
	}
	return all
}
