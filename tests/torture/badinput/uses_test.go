package badinput

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/checks"
)

// use is a plain use of one function. The tests call it in unusual places.
type use struct {
	function   string
	do         func(v *victim) error
	afterwards error // what do returns after Shutdown
}

// brief calls fn with a ctx of one minute, for a call that may wait for itself.
func brief(fn func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(today, time.Minute)
	defer cancel()
	return fn(ctx)
}

// serveNowhere serves on an address that does not exist. It returns the error without
// that of the address.
func serveNowhere(v *victim, ctx context.Context) error {
	err := v.s.Serve(ctx, &http.Server{Addr: "127.0.0.1:-1"}, api.DrainConfig{Signals: []os.Signal{syscall.SIGALRM}})
	if _, ok := errors.AsType[*net.OpError](err); ok {
		return nil
	}
	return err
}

// plain is a use of a function that returns no error.
func plain(function string, do func(v *victim)) use {
	return use{function, func(v *victim) error { do(v); return nil }, nil}
}

// uses returns the uses of what a System owns.
func uses() []use {
	down := api.ErrShutdown
	return append(useBreaker(), []use{
		{"Start", func(*victim) error {
			s, err := api.Start(api.SystemConfig{})
			return errors.Join(err, s.Shutdown(today))
		}, nil},
		{"System.Breaker", func(v *victim) error { return second(v.s.Breaker("new", api.BreakerConfig{})) }, down},
		{"System.Retry", func(v *victim) error { return second(v.s.Retry("new", api.RetryConfig{})) }, down},
		plain("System.LookupBreaker", func(v *victim) { v.s.LookupBreaker("b") }),
		plain("System.Retries", func(v *victim) { v.s.Retries() }),
		plain("System.LookupRetry", func(v *victim) { v.s.LookupRetry("r") }),
		plain("System.Breakers", func(v *victim) { v.s.Breakers() }),
		plain("System.Health", func(v *victim) { v.s.Health() }),
		plain("System.BreakersCheck", func(v *victim) { _, _ = v.s.BreakersCheck()(today) }),
		{"System.ShowBreakers", func(v *victim) error { return v.s.ShowBreakers(api.ShowBreakersConfig{Groups: []string{"ready"}}) }, down},
		plain("System.Subscribe", func(v *victim) { v.s.Subscribe(func(api.Event) {})() }),
		plain("System.SubscribeTo", func(v *victim) { v.s.SubscribeTo(func(api.Event) {}, api.TimedOut{})() }),
		plain("System.Totals", func(v *victim) { v.s.Totals() }),
		{"System.Shutdown", func(v *victim) error { return brief(v.s.Shutdown) }, nil},
		{"System.Drain", func(v *victim) error {
			return brief(func(ctx context.Context) error { return v.s.Drain(ctx, time.Second, yes) })
		}, nil},
		{"System.DrainOnSignal", func(v *victim) error {
			gone, cancel := context.WithCancel(today)
			cancel()
			return v.s.DrainOnSignal(gone, api.DrainConfig{Signals: []os.Signal{syscall.SIGALRM}})
		}, nil},
		{"System.Serve", func(v *victim) error {
			return brief(func(ctx context.Context) error { return serveNowhere(v, ctx) })
		}, down},
		{"Retry.Run", func(v *victim) error { return v.r.Run(today, no) }, down},
		plain("Retry.Name", func(v *victim) { v.r.Name() }),
		plain("Retry.Config", func(v *victim) { v.r.Config() }),
		{"Retry.Configure", func(v *victim) error { return v.r.Configure(api.RetryConfig{MaxAttempts: 2}) }, down},
		{"Retry.Stats", func(v *victim) error { return second(v.r.Stats()) }, down},
		{"Health.Register", func(v *victim) error { return v.h.Register("new", api.CheckConfig{}, healthy) }, down},
		{"Health.Deregister", func(v *victim) error { return v.h.Deregister("c") }, down},
		plain("Health.Run", func(v *victim) {
			_ = brief(func(ctx context.Context) error { v.h.Run(ctx, "c"); v.h.Run(ctx, "place"); return nil })
		}),
		plain("Health.RunAll", func(v *victim) { _ = brief(func(ctx context.Context) error { v.h.RunAll(ctx); return nil }) }),
		plain("Health.Snapshot", func(v *victim) { v.h.Snapshot() }),
		plain("Health.Status", func(v *victim) { v.h.Status("ready") }),
		plain("Health.Groups", func(v *victim) { v.h.Groups() }),
		plain("Health.Draining", func(v *victim) { v.h.Draining() }),
		{"Health.Handler", func(v *victim) error { return legal(get(v.h.Handler(), "/readyz?verbose", "")) }, nil},
		{"Health.HandlerWith", func(v *victim) error { return second(v.h.HandlerWith(api.HandlerConfig{})) }, nil},
	}...)
}

func useBreaker() []use {
	down := api.ErrShutdown
	permit := func(end func(*api.Permit)) func(v *victim) error {
		return func(v *victim) error {
			p, err := v.b.Acquire(today)
			end(p)
			return err
		}
	}
	return []use{
		{"Breaker.Run", func(v *victim) error { return v.b.Run(today, no) }, down},
		{"Breaker.Acquire", permit((*api.Permit).Cancel), down},
		{"Permit.Done", permit(func(p *api.Permit) { p.Done(errBoom) }), down},
		{"Permit.Cancel", permit(func(p *api.Permit) { p.Cancel(); p.Done(nil) }), down},
		{"Breaker.Stats", func(v *victim) error { return second(v.b.Stats()) }, down},
		{"Breaker.Reset", func(v *victim) error { return v.b.Reset() }, down},
		{"Breaker.ForceOpen", func(v *victim) error { return v.b.ForceOpen() }, down},
		{"Breaker.Disable", func(v *victim) error { return v.b.Disable() }, down},
		{"Breaker.Configure", func(v *victim) error { return v.b.Configure(api.BreakerConfig{FailureThreshold: 1}) }, down},
		{"Breaker.Trip", func(v *victim) error { return v.b.Trip("x") }, down},
		{"Breaker.TryNow", func(v *victim) error { return v.b.TryNow() }, down},
		plain("Breaker.Name", func(v *victim) { v.b.Name() }),
		plain("Breaker.Config", func(v *victim) { v.b.Config() }),
		plain("Breaker.State", func(v *victim) { v.b.State() }),
		plain("Breaker.TimeUntilReset", func(v *victim) { v.b.TimeUntilReset() }),
		{"Do", func(v *victim) error {
			return second(api.Do(today, api.Compose(api.Timeout(time.Hour), v.r, v.b), none))
		}, down},
		{"Run", func(v *victim) error { return api.Run(today, api.Compose(v.b, v.r), no, no) }, down},
		{"Wrap", func(v *victim) error { return second(api.Wrap(v.b, none)(today)) }, down},
		{"Wrap1", func(v *victim) error { return second(api.Wrap1(v.b, double)(today, 1)) }, down},
		{"Compose", func(v *victim) error { return api.Run(today, api.Compose(v.r, api.Compose(v.b)), yes) }, down},
		{"Timeout", func(v *victim) error { return api.Run(today, api.Compose(v.b, api.Timeout(time.Minute)), hang) }, down},
		{"WithTimeout", func(v *victim) error {
			return second(api.WithTimeout(today, time.Minute, func(ctx context.Context) (int, error) { return 0, v.b.Run(ctx, hang) }))
		}, down},
		{"Value", func(v *victim) error { return second(api.Do(today, v.b, none, api.Value(1))) }, nil},
		{"When", func(v *victim) error {
			return second(api.Do(today, v.b, none, api.When(func(error) bool { return true }, seven)))
		}, nil},
		{"WhenOpen", func(v *victim) error {
			_ = v.b.ForceOpen()
			return second(api.Do(today, v.b, none, api.WhenOpen(seven)))
		}, down},
		{"WhenTimeout", func(v *victim) error {
			return second(api.Do(today, api.Compose(v.b, api.Timeout(0)), none, api.WhenTimeout(seven)))
		}, down},
	}
}

// hang waits until its ctx ends.
func hang(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }

// inOrder is several uses, one after the other.
func inOrder(all []use) use {
	return use{function: "all that has no owner", do: func(v *victim) (err error) {
		for _, d := range all {
			err = errors.Join(err, d.do(v))
		}
		return err
	}}
}

// useRest returns the uses of functions that need no System.
func useRest() []use {
	value := func(function string, do func()) use { return plain(function, func(*victim) { do() }) }
	var status api.Status
	retry, timeout, fallback, open, config := &api.RetryError{}, &api.TimeoutError{}, &api.FallbackError{}, &api.CircuitOpenError{}, &api.ConfigError{}
	beats := checks.NewHeartbeat(time.Hour)
	check := func(function string, c api.Check) use {
		return use{"checks." + function, func(*victim) error {
			ctx, cancel := context.WithCancel(today)
			cancel() // nothing is called
			_, _ = c(ctx)
			return nil
		}, nil}
	}
	return append(useWords(), []use{
		value("Cause", func() { _ = api.Cause(today) }),
		value("Attempt", func() { api.Attempt(today) }),
		value("Ignore", func() { _ = api.Ignore(errBoom) }),
		value("Hold", func() { api.Hold(today)() }),
		value("NewSwitch", func() { api.NewSwitch(nil) }),
		value("Switch.Set", func() { new(api.Switch).Set(nil) }),
		value("Cooperative", func() { api.Cooperative(api.Timeout(1)) }),
		value("FailWhen", func() { _, _ = api.FailWhen(seven, func(int) error { return errBoom })(today) }),
		value("Permanent", func() { _ = api.Permanent(errBoom) }),
		value("RetryAfter", func() { _ = api.RetryAfter(errBoom, 1) }),
		value("RetryConfig.Delay", func() { api.RetryConfig{}.Delay(1) }),
		value("CheckConfig.Check", func() { _ = api.CheckConfig{}.Check("x") }),
		value("RetryConfig.Check", func() { _ = api.RetryConfig{}.Check("x") }),
		value("JitterBy", func() { _ = api.JitterBy(0.1) }),
		value("JitterUpTo", func() { _ = api.JitterUpTo(time.Second) }),
		value("Degrade", func() { _ = api.Degrade("x") }),
		value("Ping", func() { _, _ = api.Ping(yes)(today) }),
		value("Bool", func() { _, _ = api.Bool(func(context.Context) bool { return false })(today) }),
		value("Strict", func() { _, _ = api.Strict(healthy)(today) }),
		{"NewFallback", func(*victim) error { return second(api.NewFallback("x", none, seven).Execute(today)) }, nil},
		{"Fallback.Add", func(*victim) error { return second(api.NewFallback("x", none).Add(seven).Execute(today)) }, nil},
		{"Fallback.Default", func(*victim) error { return second(api.NewFallback("x", none).Default(7).Execute(today)) }, nil},
		{"Fallback.Execute", func(*victim) error { return second(api.NewFallback("x", none, none).Execute(today)) }, errBoom},
		value("CountWindow", func() { _ = api.CountWindow(1) }),
		value("TimeWindow", func() { _ = api.TimeWindow(1) }),
		value("State.String", func() { _ = api.Open.String() }),
		value("Outcome.String", func() { _ = api.Failure.String() }),
		value("Mode.String", func() { _ = api.Disabled.String() }),
		value("Status.String", func() { _ = api.Healthy.String() }),
		value("Status.MarshalText", func() { _, _ = api.Healthy.MarshalText() }),
		value("Status.UnmarshalText", func() { s := status; _ = s.UnmarshalText([]byte("healthy")) }),
		value("Jitter.String", func() { _ = api.JitterFull.String() }),
		value("SystemHealth.MarshalJSON", func() { _, _ = json.Marshal(api.SystemHealth{}) }),
		value("BreakerChanged.Log", func() { api.BreakerChanged{}.Log() }),
		value("ProbeUnanswered.Log", func() { api.ProbeUnanswered{}.Log() }),
		value("CheckChanged.Log", func() { api.CheckChanged{}.Log() }),
		value("CheckRestarted.Log", func() { api.CheckRestarted{}.Log() }),
		value("Retrying.Log", func() { api.Retrying{}.Log() }),
		value("RetryExhausted.Log", func() { api.RetryExhausted{}.Log() }),
		value("TimedOut.Log", func() { api.TimedOut{}.Log() }),
		value("FallbackUsed.Log", func() { api.FallbackUsed{}.Log() }),
		value("Dropped.Log", func() { api.Dropped{}.Log() }),
		value("RetryError.Error", func() { _ = retry.Error() }),
		value("RetryError.Unwrap", func() { _ = retry.Unwrap() }),
		value("TimeoutError.Error", func() { _ = timeout.Error() }),
		value("TimeoutError.Is", func() { _ = timeout.Is(errBoom) }),
		value("TimeoutError.Unwrap", func() { _ = timeout.Unwrap() }),
		value("TimeoutError.Timeout", func() { _ = timeout.Timeout() }),
		value("TimeoutError.Temporary", func() { _ = timeout.Temporary() }),
		value("FallbackError.Error", func() { _ = fallback.Error() }),
		value("FallbackError.Unwrap", func() { _ = fallback.Unwrap() }),
		value("CircuitOpenError.Error", func() { _ = open.Error() }),
		value("CircuitOpenError.RetryAfter", func() { _ = open.RetryAfter() }),
		value("CircuitOpenError.Is", func() { _ = open.Is(errBoom) }),
		value("CircuitOpenError.Refused", func() { _ = open.Refused() }),
		value("ConfigError.Error", func() { _ = config.Error() }),
		value("ConfigError.Is", func() { _ = config.Is(errBoom) }),
		check("TCP", checks.TCP("127.0.0.1:1")), check("DNS", checks.DNS("127.0.0.1")), check("SQL", checks.SQL(nil)),
		check("HTTP", checks.HTTP("http://127.0.0.1:1", checks.Expect{})), check("Disk", checks.Disk("/", 1)),
		check("Heap", checks.Heap(1)), check("Goroutines", checks.Goroutines(1)), check("NewHeartbeat", beats.Check()),
		value("checks.Heartbeat.Beat", beats.Beat),
		check("Heartbeat.Check", beats.Check()),
	}...)
}
