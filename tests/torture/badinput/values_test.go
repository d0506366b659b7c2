package badinput

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"os"
	"testing/synctest"
	"time"

	"github.com/understudy-go/understudy/api"
)

// badValues are values that no constructor made or no constant names.
func badValues() []row {
	text := func(function, input string, s func() string) row {
		return row{function, input, fine, func(*victim) error { return must(s() != "", "no text") }}
	}
	value := func(function, input string, call func() error) row {
		return row{function, input, fine, func(*victim) error { return call() }}
	}
	retry, timeout, fallback, open, config := &api.RetryError{}, &api.TimeoutError{}, &api.FallbackError{}, &api.CircuitOpenError{}, &api.ConfigError{}
	rows := []row{
		text("State.String", "none that exists", api.State(200).String),
		text("Outcome.String", "none that exists", api.Outcome(200).String),
		text("Mode.String", "none that exists", api.Mode(200).String),
		text("Status.String", "none that exists", api.Status(200).String),
		text("Jitter.String", "no number", api.JitterBy(math.NaN()).String),
		text("BreakerChanged.Log", "a zero event", logged(api.BreakerChanged{})),
		text("ProbeUnanswered.Log", "a zero event", logged(api.ProbeUnanswered{})),
		text("CheckChanged.Log", "a zero event", logged(api.CheckChanged{})),
		text("CheckRestarted.Log", "a zero event", logged(api.CheckRestarted{})),
		text("Retrying.Log", "a zero event", logged(api.Retrying{})),
		text("RetryExhausted.Log", "a zero event", logged(api.RetryExhausted{})),
		text("TimedOut.Log", "a zero event", logged(api.TimedOut{})),
		text("TimedOut.Log", "a long operation", logged(api.TimedOut{Operation: long, Limit: least})),
		text("FallbackUsed.Log", "a zero event", logged(api.FallbackUsed{})),
		text("Dropped.Log", "a zero event", logged(api.Dropped{})),
		text("RetryError.Error", "a zero RetryError", retry.Error),
		text("RetryError.Error", "rubbish", (&api.RetryError{Name: odd[5], Attempts: math.MinInt, Reason: odd[0]}).Error),
		value("RetryError.Unwrap", "a zero RetryError", func() error { return must(len(retry.Unwrap()) == 0 && !errors.Is(retry, errBoom)) }),
		text("TimeoutError.Error", "a zero TimeoutError", timeout.Error),
		value("TimeoutError.Unwrap", "a zero TimeoutError", timeout.Unwrap),
		value("TimeoutError.Is", "nil", func() error { return must(!timeout.Is(nil) && errors.Is(timeout, api.ErrTimeout)) }),
		value("TimeoutError.Timeout", "a zero TimeoutError", func() error { return must(timeout.Timeout()) }),
		value("TimeoutError.Temporary", "a zero TimeoutError", func() error { return must(timeout.Temporary()) }),
		value("CircuitOpenError.Refused", "a zero CircuitOpenError", func() error { return must(open.Refused()) }),
		text("FallbackError.Error", "a zero FallbackError", fallback.Error),
		text("FallbackError.Error", "nil errors", (&api.FallbackError{Errs: []error{nil, errBoom, nil}}).Error),
		value("FallbackError.Unwrap", "nil errors", func() error { return must(!errors.Is(&api.FallbackError{Errs: []error{nil}}, errBoom)) }),
		text("CircuitOpenError.Error", "a zero CircuitOpenError", open.Error),
		value("CircuitOpenError.RetryAfter", "a zero CircuitOpenError", func() error { return must(open.RetryAfter() == 0) }),
		value("CircuitOpenError.Is", "nil", func() error { return must(!open.Is(nil) && errors.Is(open, api.ErrCircuitOpen)) }),
		value("CircuitOpenError.Refused", "a zero CircuitOpenError", func() error { return must(open.Refused()) }),
		text("ConfigError.Error", "a zero ConfigError", config.Error),
		value("ConfigError.Error", "a long name", func() error { return must(short(&api.ConfigError{Name: wide}), "too long") }),
		value("ConfigError.Is", "nil", func() error { return must(!config.Is(nil) && errors.Is(config, api.ErrConfig)) }),
		value("Status.MarshalText", "none that exists", func() error {
			text, err := api.Status(200).MarshalText()
			return must(err != nil || len(text) > 0, "no text and no error")
		}),
		value("SystemHealth.MarshalJSON", "a zero SystemHealth", func() error { return second(json.Marshal(api.SystemHealth{})) }),
		value("SystemHealth.MarshalJSON", "rubbish", func() error {
			text, err := json.Marshal(api.SystemHealth{
				Status: 200, Version: garbled, Uptime: least, Timestamp: time.Unix(math.MaxInt64/4, 0),
				Checks: []api.CheckResult{{Name: garbled, Status: 100, Latency: least, Details: api.Details{odd[0]: math.NaN()}}},
			})
			return must(err != nil || json.Valid(text), "no JSON")
		}),
		value("CountWindow", "negative", func() error { return must(api.CountWindow(-1) != api.CountWindow(1)) }),
		value("TimeWindow", "0", func() error { return must(api.TimeWindow(0) == api.CountWindow(0)) }),
	}
	for _, bad := range []string{"", "well", "\xff", long} {
		rows = append(rows, row{"Status.UnmarshalText", bad, func(err error) string { return isNot(err, nil) }, func(*victim) error {
			var s api.Status
			err := s.UnmarshalText([]byte(bad))
			return errors.Join(err, must(err == nil || len(err.Error()) < 1000, "too long"))
		}})
	}
	return rows
}

func badSystems() []row {
	not := refused("system", "System")
	rows := []row{
		{"Start", "nothing", fine, func(*victim) error {
			s, err := api.Start(api.SystemConfig{})
			return errors.Join(err, s.Shutdown(today))
		}},
		{"Start", "fewer than no checks at once", refused("system", "ChecksAtOnce"), func(*victim) error {
			return second(api.Start(api.SystemConfig{ChecksAtOnce: -1}))
		}},
		{"Start", "the most checks at once", fine, func(*victim) error {
			s, err := api.Start(api.SystemConfig{ChecksAtOnce: maxInt})
			return errors.Join(err, s.Health().Register("x", api.CheckConfig{}, healthy), must(s.Health().Run(today, "x").Status == api.Healthy), s.Shutdown(today))
		}},
		{"Start", "a long version", fine, func(*victim) error {
			s, err := api.Start(api.SystemConfig{Version: long + garbled})
			return errors.Join(err, legal(get(s.Health().Handler(), "/health", "")), s.Shutdown(today))
		}},
		{"System.ShowBreakers", "fewer than none", refused("circuits", "Most"), func(v *victim) error { return v.s.ShowBreakers(api.ShowBreakersConfig{Most: -1}) }},
		{"System.ShowBreakers", "an empty group", refused("circuits", "Groups"), func(v *victim) error {
			return v.s.ShowBreakers(api.ShowBreakersConfig{Groups: []string{""}})
		}},
		{"System.ShowBreakers", "a long group", refused("circuits", "Groups"), func(v *victim) error {
			return v.s.ShowBreakers(api.ShowBreakersConfig{Groups: []string{long}})
		}},
		{"System.ShowBreakers", "twice", refused("circuits", "ShowBreakers"), func(v *victim) error {
			return errors.Join(v.s.ShowBreakers(api.ShowBreakersConfig{Most: maxInt}), v.s.ShowBreakers(api.ShowBreakersConfig{}))
		}},
		{"System.ShowBreakers", "breakers of odd names", fine, func(v *victim) error {
			err := v.s.ShowBreakers(api.ShowBreakersConfig{})
			for _, name := range odd {
				b, bad := v.s.Breaker(name, api.BreakerConfig{})
				err = errors.Join(err, bad, b.ForceOpen())
			}
			synctest.Wait()
			return errors.Join(err, legal(get(v.h.Handler(), "/health", "")), legal(get(v.h.Handler(), "/health", "text/plain;version=0.0.4")))
		}},
		{"System.Shutdown", "nil ctx", refused("system", "ctx"), func(v *victim) error { return v.s.Shutdown(never) }},
		{"System.Shutdown", "twice", fine, func(v *victim) error { return errors.Join(v.s.Shutdown(today), v.s.Shutdown(today)) }},
		{"System.Subscribe", "nil", fine, func(v *victim) error { v.s.Subscribe(nil)(); return v.b.ForceOpen() }},
		{"System.Subscribe", "cancelled twice", fine, func(v *victim) error {
			cancel := v.s.Subscribe(func(api.Event) {})
			cancel()
			cancel()
			return v.b.ForceOpen()
		}},
		{"System.SubscribeTo", "nil", fine, func(v *victim) error { v.s.SubscribeTo(nil, nil)(); return v.b.ForceOpen() }},
		{"System.SubscribeTo", "no types", fine, func(v *victim) error { v.s.SubscribeTo(func(api.Event) {})(); return v.b.ForceOpen() }},
		{"System.SubscribeTo", "a type twice", fine, func(v *victim) error {
			cancel := v.s.SubscribeTo(func(api.Event) {}, nil, api.TimedOut{}, api.TimedOut{}, api.Dropped{})
			cancel()
			cancel()
			return v.b.ForceOpen()
		}},
		{"System.Drain", "nil ctx", refused("drain", "ctx"), func(v *victim) error { return v.s.Drain(never, 0) }},
		{"System.Drain", "negative delay", refused("drain", "Delay"), func(v *victim) error { return v.s.Drain(today, least) }},
		{"System.Drain", "nil function", refused("drain", "Finish"), func(v *victim) error { return v.s.Drain(today, 0, yes, nil) }},
		{"System.Drain", "the longest delay", fine, func(v *victim) error {
			ctx, cancel := context.WithTimeout(today, time.Hour)
			defer cancel()
			err := v.s.Drain(ctx, longest)
			return must(err == nil || errors.Is(err, context.DeadlineExceeded), err)
		}},
		{"System.Drain", "a function that fails", is(errBoom), func(v *victim) error { return v.s.Drain(today, 0, no, no) }},
		{"System.Drain", "a function that panics", fine, func(v *victim) error {
			return wrecked(func() { _ = v.s.Drain(today, 0, func(context.Context) error { panic("rubbish") }) })
		}},
		{"System.Drain", "twice", fine, func(v *victim) error { return errors.Join(v.s.Drain(today, 1), v.s.Drain(today, 1)) }},
		{"System.Serve", "nil ctx", refused("drain", "ctx"), func(v *victim) error { return v.s.Serve(never, &http.Server{}, api.DrainConfig{}) }},
		{"System.Serve", "nil server", refused("drain", "server"), func(v *victim) error { return v.s.Serve(today, nil, api.DrainConfig{}) }},
		{"System.Serve", "an address that does not exist", fine, func(v *victim) error { return serveNowhere(v, today) }},
		{"System.DrainOnSignal", "nil ctx", refused("drain", "ctx"), func(v *victim) error { return v.s.DrainOnSignal(never, api.DrainConfig{}) }},
		{"System.DrainOnSignal", "the longest limit", fine, func(v *victim) error {
			gone, cancel := context.WithCancel(today)
			cancel()
			ran := false
			err := v.s.DrainOnSignal(gone, api.DrainConfig{Delay: 1, Limit: longest, Finish: []func(context.Context) error{
				func(ctx context.Context) error { ran = true; return nil }}})
			return errors.Join(err, must(ran, "it did not finish"))
		}},
	}
	for _, bad := range []struct {
		field, input string
		cfg          api.DrainConfig
	}{
		{"Delay", "negative", api.DrainConfig{Delay: -1}},
		{"Limit", "negative", api.DrainConfig{Limit: least}},
		{"Finish", "nil function", api.DrainConfig{Finish: []func(context.Context) error{nil}}},
		{"Signals", "nil", api.DrainConfig{Signals: signals(nil)}},
	} {
		rows = append(rows, row{"System.Serve", bad.field + " " + bad.input, refused("drain", bad.field), func(v *victim) error {
			err := v.s.Serve(today, &http.Server{}, bad.cfg)
			return errors.Join(err, must(v.b.Run(today, yes) == nil, "it shut the system down"))
		}})
		rows = append(rows, row{"System.DrainOnSignal", bad.field + " " + bad.input, refused("drain", bad.field), func(v *victim) error {
			err := v.s.DrainOnSignal(today, bad.cfg)
			return errors.Join(err, must(v.b.Run(today, yes) == nil, "it shut the system down"))
		}})
	}
	for input, s := range map[string]*api.System{"nil": nil, "a zero System": {}} {
		add := func(method string, want want, call func() error) {
			rows = append(rows, row{"System." + method, input, want, func(*victim) error { return call() }})
		}
		add("Breaker", refused("breaker", "System"), func() error { return second(s.Breaker("x", api.BreakerConfig{})) })
		add("Retry", refused("retry", "System"), func() error { return second(s.Retry("x", api.RetryConfig{})) })
		add("LookupBreaker", fine, func() error { _, ok := s.LookupBreaker("x"); return must(!ok) })
		add("LookupRetry", fine, func() error { _, ok := s.LookupRetry("x"); return must(!ok) })
		add("Breakers", fine, func() error { return must(len(s.Breakers()) == 0) })
		add("Health", fine, func() error { return must(s.Health() == nil) })
		add("Subscribe", fine, func() error { s.Subscribe(func(api.Event) {})(); return nil })
		add("SubscribeTo", fine, func() error { s.SubscribeTo(func(api.Event) {}, api.TimedOut{})(); return nil })
		add("Totals", fine, func() error { return must(s.Totals() == api.Totals{}) })
		add("ShowBreakers", refused("circuits", "System"), func() error { return s.ShowBreakers(api.ShowBreakersConfig{}) })
		add("Shutdown", refused("system", "System"), func() error { return s.Shutdown(today) })
		add("Drain", not, func() error { return s.Drain(today, 0) })
		add("Serve", not, func() error { return s.Serve(today, &http.Server{}, api.DrainConfig{}) })
		add("DrainOnSignal", not, func() error { return s.DrainOnSignal(today, api.DrainConfig{}) })
	}
	return rows
}

func signals(s ...os.Signal) []os.Signal { return s }

// logged returns a function that returns the text of an event's log line.
func logged(e api.Event) func() string {
	return func() string { _, sentence, _ := e.Log(); return sentence }
}
