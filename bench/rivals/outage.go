package main

import (
	"context"
	"io"
	"log/slog"
	"time"

	"github.com/understudy-go/understudy/api"
)

// Outage measures the paths that calls take while a dependency is down, and what
// the abilities beside them cost.
func Outage(b *Bed, c Clock) ([]Finding, error) {
	warn := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelWarn}))
	down, err := api.Start(api.SystemConfig{Logger: warn})
	if err != nil {
		return nil, err
	}
	observed, err := api.Start(api.SystemConfig{Logger: warn, OnCall: func(context.Context, api.Call) {}})
	if err != nil {
		return nil, err
	}
	open := must(down.Breaker("open", api.BreakerConfig{}))
	check(open.ForceOpen())

	found := pathsOfAnOutage(open, c)
	found = append(found, observing(b, must(observed.Breaker("closed", api.BreakerConfig{})), c)...)
	found = append(found, holding(c)...)
	found = append(found, collecting(b, c)...)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	check(observed.Shutdown(ctx))
	return found, down.Shutdown(ctx)
}

// pathsOfAnOutage measures refusals by an open breaker.
func pathsOfAnOutage(open *api.Breaker, c Clock) []Finding {
	seven := func(context.Context) (int, error) { return 7, nil }
	inTimeout := doOn(api.Compose(api.Timeout(time.Second), open), seven)
	fallen := doOn(open, seven, api.Value(0))
	s := c.measure(inTimeout, fallen)
	timeout, fallback := s[0].figures(), s[1].figures()
	return []Finding{
		{"refused within a hard Timeout", timeout.Ns, "ns", 60},
		{"its allocations", timeout.Allocs, "", 0.01},
		{"refused, answered by a fallback, the log at WARN", fallback.Ns, "ns", 100},
		{"its allocations", fallback.Allocs, "", 1.01},
	}
}

// doOn returns a work that calls fn under a policy.
func doOn[T any](p api.Policy, fn api.Func[T], fallbacks ...api.Func[T]) Work {
	return func(n int) {
		ctx := context.Background()
		for range n {
			_, _ = api.Do(ctx, p, fn, fallbacks...)
		}
	}
}

// observing measures a success without OnCall and with it, beside two clock reads.
func observing(b *Bed, observed *api.Breaker, c Clock) []Finding {
	clocks := func(n int) {
		began, total := time.Now(), time.Duration(0)
		for range n {
			total += time.Since(began) + time.Since(began)
		}
		sink.Add(int64(total))
	}
	ctx := context.Background()
	s := c.measure(runOn(b.Breaker(api.BreakerConfig{}), ctx), runOn(observed, ctx), clocks)
	return []Finding{
		{"a success without OnCall", s[0].figures().Ns, "ns", 0},
		{"a success with OnCall", s[1].figures().Ns, "ns", 0},
		{"two clock reads", s[2].figures().Ns, "ns", 0},
	}
}

// holding measures what Hold adds to a call under a Timeout.
func holding(c Clock) (found []Finding) {
	plain := func(context.Context) (func(), error) { return func() {}, nil }
	held := func(ctx context.Context) (func(), error) { return api.Hold(ctx), nil }
	for _, kind := range []struct {
		name string
		api.TimeoutConfig
	}{{"hard", api.Timeout(time.Second)}, {"cooperative", api.TimeoutConfig{Limit: time.Second, Cooperative: true}}} {
		s := c.measure(releasing(kind.TimeoutConfig, plain), releasing(kind.TimeoutConfig, held))
		found = append(found, Finding{"allocations that Hold adds, " + kind.name, s[1].figures().Allocs - s[0].figures().Allocs, "", 2.1})
	}
	return found
}

// releasing returns a work that calls fn under a Timeout, and then what fn returned.
func releasing(t api.TimeoutConfig, fn api.Func[func()]) Work {
	var p api.Policy = t
	return func(n int) {
		ctx := context.Background()
		for range n {
			release, err := api.Do(ctx, p, fn)
			check(err)
			release()
		}
	}
}

// collecting measures Stats of breakers that were never asked.
func collecting(b *Bed, c Clock) []Finding {
	const many = 10_000
	breakers := make([]*api.Breaker, many)
	for i := range breakers {
		breakers[i] = b.Breaker(api.BreakerConfig{})
	}
	s := c.measure(func(n int) {
		for range n {
			for _, breaker := range breakers {
				must(breaker.Stats())
			}
		}
	})
	return []Finding{
		{"Stats of 10,000 breakers never asked", s[0].figures().Ns / 1e6, "ms", 2},
		{"its allocations", s[0].figures().Allocs, "", 0.01},
	}
}
