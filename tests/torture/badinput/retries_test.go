package badinput

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/understudy-go/understudy/api"
)

// badRetryConfigs are settings that must be refused, by field.
var badRetryConfigs = []struct {
	field, input string
	cfg          api.RetryConfig
}{
	{"MaxAttempts", "below Unlimited", api.RetryConfig{MaxAttempts: -2}},
	{"MaxAttempts", "the least int", api.RetryConfig{MaxAttempts: math.MinInt}},
	{"InitialDelay", "negative", api.RetryConfig{InitialDelay: -1}},
	{"InitialDelay", "the least duration", api.RetryConfig{InitialDelay: least}},
	{"BackoffFactor", "NaN", api.RetryConfig{BackoffFactor: math.NaN()}},
	{"BackoffFactor", "+Inf", api.RetryConfig{BackoffFactor: math.Inf(1)}},
	{"BackoffFactor", "-Inf", api.RetryConfig{BackoffFactor: math.Inf(-1)}},
	{"BackoffFactor", "a little below 1", api.RetryConfig{BackoffFactor: math.Nextafter(1, 0)}},
	{"MaxDelay", "negative", api.RetryConfig{MaxDelay: -1}},
	{"Jitter", "a fraction above 1", api.RetryConfig{Jitter: api.JitterBy(math.Nextafter(1, 2))}},
	{"Jitter", "a negative fraction", api.RetryConfig{Jitter: api.JitterBy(-1)}},
	{"Jitter", "NaN", api.RetryConfig{Jitter: api.JitterBy(math.NaN())}},
	{"Jitter", "+Inf", api.RetryConfig{Jitter: api.JitterBy(math.Inf(1))}},
	{"Jitter", "the least span", api.RetryConfig{Jitter: api.JitterUpTo(least)}},
	{"Classify", "Retryable, too", api.RetryConfig{
		Classify: func(error) api.Outcome { return api.Failure }, Retryable: func(error) bool { return true },
	}},
	{"Budget.Ratio", "NaN", api.RetryConfig{Budget: &api.RetryBudget{Ratio: math.NaN()}}},
	{"Budget.Ratio", "+Inf", api.RetryConfig{Budget: &api.RetryBudget{Ratio: math.Inf(1)}}},
	{"Budget.Ratio", "negative", api.RetryConfig{Budget: &api.RetryBudget{Ratio: -1}}},
	{"Budget.MinPerSecond", "NaN", api.RetryConfig{Budget: &api.RetryBudget{MinPerSecond: math.NaN()}}},
	{"Budget.MinPerSecond", "+Inf", api.RetryConfig{Budget: &api.RetryBudget{MinPerSecond: math.Inf(1)}}},
	{"Budget.MinPerSecond", "negative", api.RetryConfig{Budget: &api.RetryBudget{MinPerSecond: -1}}},
	{"Budget.Window", "negative", api.RetryConfig{Budget: &api.RetryBudget{Window: -1}}},
}

// hugeRetryConfigs are extreme settings that must work.
var hugeRetryConfigs = map[string]api.RetryConfig{
	"the most attempts":       {MaxAttempts: maxInt},
	"the longest jitter":      {Jitter: api.JitterUpTo(longest), MaxDelay: longest},
	"the longest own wait":    {Backoff: func(int, error) time.Duration { return longest }, MaxDelay: longest},
	"the least own wait":      {Backoff: func(int, error) time.Duration { return least }},
	"an outcome of no kind":   {Classify: func(error) api.Outcome { return 200 }},
	"the longest delays":      {InitialDelay: longest, MaxDelay: longest},
	"the steepest back-off":   {BackoffFactor: math.MaxFloat64, MaxDelay: longest, Jitter: api.JitterFull},
	"MaxDelay below Initial":  {InitialDelay: time.Hour, MaxDelay: 1},
	"the largest budget":      {Budget: &api.RetryBudget{Ratio: math.MaxFloat64, MinPerSecond: math.MaxFloat64, Window: longest}},
	"the smallest budget":     {Budget: &api.RetryBudget{Ratio: math.SmallestNonzeroFloat64, Window: 1}},
	"an empty budget":         {Budget: &api.RetryBudget{}},
	"nothing is worth a wait": {Retryable: func(error) bool { return false }},
}

// tried makes a failing call under r, which ends within virtual minutes, and then
// a successful one.
func tried(r *api.Retry) error {
	ctx, cancel := context.WithTimeout(today, 10*time.Minute)
	defer cancel()
	failed := r.Run(ctx, no)
	s, err := r.Stats()
	return errors.Join(must(errors.Is(failed, errBoom), "it says ", failed), r.Run(today, yes), err, must(s.Calls > 0, "no calls"))
}

func badRetries() []row {
	rows := []row{
		{"System.Retries", "a nil system", fine, func(*victim) error { return must(len((*api.System)(nil).Retries()) == 0) }},
		{"System.LookupRetry", "no name", fine, func(v *victim) error { _, ok := v.s.LookupRetry(""); return must(!ok) }},
		{"Retry.Run", "nil ctx", refused("call", "ctx"), func(v *victim) error { return v.r.Run(never, yes) }},
		{"Retry.Run", "nil fn", refused("call", "fn"), func(v *victim) error { return v.r.Run(today, nil) }},
		{"Retry.Run", "a call that exits", fine, func(v *victim) error {
			return errors.Join(wrecked(func() { _ = v.r.Run(today, func(context.Context) error { panic(errBoom) }) }), tried(v.r))
		}},
		{"Retry.Configure", "an OnRetry that panics", fine, func(v *victim) error {
			err := v.r.Configure(api.RetryConfig{OnRetry: func(error, int, time.Duration) { panic(errBoom) }})
			return errors.Join(err, wrecked(func() { _ = v.r.Run(today, no) }), v.r.Run(today, yes))
		}},
		{"Retry.Configure", "a Retryable that panics", fine, func(v *victim) error {
			err := v.r.Configure(api.RetryConfig{Retryable: func(error) bool { panic(errBoom) }})
			return errors.Join(err, wrecked(func() { _ = v.r.Run(today, no) }), v.r.Run(today, yes))
		}},
		{"Retry.Configure", "a Classify that panics", fine, func(v *victim) error {
			err := v.r.Configure(api.RetryConfig{Classify: func(error) api.Outcome { panic(errBoom) }})
			return errors.Join(err, wrecked(func() { _ = v.r.Run(today, no) }), v.r.Run(today, yes))
		}},
		{"Retry.Configure", "a Backoff that panics", fine, func(v *victim) error {
			err := v.r.Configure(api.RetryConfig{Backoff: func(int, error) time.Duration { panic(errBoom) }})
			return errors.Join(err, wrecked(func() { _ = v.r.Run(today, no) }), v.r.Run(today, yes))
		}},
		{"JitterBy", "NaN", fine, func(*victim) error { return bounded(api.RetryConfig{Jitter: api.JitterBy(math.NaN())}) }},
		{"JitterUpTo", "the least span", fine, func(*victim) error { return bounded(api.RetryConfig{Jitter: api.JitterUpTo(least)}) }},
		{"Permanent", "nil", fine, func(*victim) error { return api.Permanent(nil) }},
		{"RetryAfter", "nil", fine, func(*victim) error { return api.RetryAfter(nil, longest) }},
	}
	for _, delay := range []time.Duration{least, -1, 0, 1, longest} {
		rows = append(rows, row{"RetryAfter", delay.String(), is(api.ErrExhausted), func(v *victim) error {
			begin := time.Now()
			err := v.r.Run(today, func(context.Context) error { return api.RetryAfter(errBoom, delay) })
			return errors.Join(err, must(time.Since(begin) <= 2*time.Minute, "MaxDelay does not hold"))
		}})
	}
	for _, bad := range badRetryConfigs {
		rows = append(rows, row{"System.Retry", bad.field + " " + bad.input, refused("retry", bad.field), func(v *victim) error {
			r, err := v.s.Retry("x", bad.cfg)
			_, made := v.s.LookupRetry("x")
			return errors.Join(must(r == nil && !made, "something half-made is left"), err)
		}}, row{"Retry.Configure", bad.field + " " + bad.input, refused("retry", bad.field), func(v *victim) error {
			err := v.r.Configure(bad.cfg)
			return errors.Join(must(v.r.Config().MaxAttempts == 3, "bad settings changed something"), err, tried(v.r))
		}}, row{"RetryConfig.Check", bad.field + " " + bad.input, refused("retry", bad.field), func(*victim) error {
			return bad.cfg.Check("x")
		}}, row{"RetryConfig.Delay", bad.field + " " + bad.input, fine, func(*victim) error { return bounded(bad.cfg) }})
	}
	for input, cfg := range hugeRetryConfigs {
		rows = append(rows, row{"System.Retry", input, fine, func(v *victim) error {
			r, err := v.s.Retry("x", cfg)
			return errors.Join(err, tried(r))
		}}, row{"Retry.Configure", input, fine, func(v *victim) error {
			return errors.Join(tried(v.r), v.r.Configure(cfg), tried(v.r))
		}}, row{"RetryConfig.Delay", input, fine, func(*victim) error { return bounded(cfg) }})
	}
	for _, name := range odd {
		rows = append(rows, row{"System.Retry", "name " + name, fine, func(v *victim) error {
			r, err := v.s.Retry(name, api.RetryConfig{})
			found, _ := v.s.LookupRetry(name)
			return errors.Join(err, must(found == r && r.Name() == name, "not found"), tried(r), must(short(r.Run(today, no)), "too long, or no text"))
		}})
	}
	for _, name := range noNames {
		rows = append(rows, row{"System.Retry", "name " + name, refused("retry", "Name"), func(v *victim) error { return second(v.s.Retry(name, api.RetryConfig{})) }})
	}
	for input, r := range map[string]*api.Retry{"nil": nil, "a zero Retry": {}} {
		rows = append(rows,
			row{"Retry.Run", input, refused("retry", "Retry"), func(*victim) error { return r.Run(today, yes) }},
			row{"Retry.Stats", input, refused("retry", "Retry"), func(*victim) error { return second(r.Stats()) }},
			row{"Retry.Configure", input, refused("retry", "Retry"), func(*victim) error { return r.Configure(api.RetryConfig{}) }},
			row{"Retry.Name", input, fine, func(*victim) error { return must(r.Name() == "") }},
			row{"Retry.Config", input, fine, func(*victim) error { return must(r.Config().MaxAttempts == 0) }},
			row{"Do", input + " as a policy", refused("retry", "Retry"), func(*victim) error { return second(api.Do(today, r, seven)) }},
			row{"Compose", input + " within", refused("retry", "Retry"), func(v *victim) error { return api.Run(today, api.Compose(v.b, r), yes) }})
	}
	return rows
}

// bounded returns an error unless the delays after extreme numbers of attempts are
// from 0 to MaxDelay.
func bounded(cfg api.RetryConfig) error {
	longest := cfg.MaxDelay
	if longest == 0 {
		longest = time.Minute
	}
	for _, attempt := range []int{math.MinInt, -1, 0, 1, 2, 100, maxInt} {
		if d := cfg.Delay(attempt); d < 0 || d > max(longest, 0) {
			return must(false, "a delay of ", d)
		}
	}
	return nil
}

// wrecked returns an error unless fn panics.
func wrecked(fn func()) (err error) {
	defer func() { err = must(recover() != nil, "the panic did not reach the caller") }()
	fn()
	return nil
}
