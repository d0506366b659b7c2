package api

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// OnDemand as a CheckConfig.Interval means: run only in Register and when asked.
const OnDemand = health.OnDemand

// CheckConfig holds the settings of one health check; the zero value means
// the defaults.
//
//	field           meaning                                         default
//	Timeout         how long a run may take                         10 s
//	Interval        background period, jittered ±10 %; OnDemand     10 s
//	FastInterval    period while failing or recovering; doubles up  Interval
//	                to Interval with each run
//	Optional        failing makes the system DEGRADED only          false
//	UnhealthyAfter  failures in a row before the status says so     1
//	HealthyAfter    successes in a row before it is well again      1
//	Groups          which endpoints show it; empty, not nil: none   {"ready"}
//	DependsOn       while one of these is UNHEALTHY this check is   none
//	                "blocked by" it: UNKNOWN, and not run
//
// The jitter stays the same for five periods: by then checks that began
// together are spread evenly over their Interval, and so they stay. How many
// run at once is SystemConfig.ChecksAtOnce.
type CheckConfig = health.Config

// CheckResult is the last known result of one health check: Name, Status,
// Message, Latency, Details, Timestamp, Age (when it was read), BlockedBy, Changes (the
// last 16), Flapping, Restarts and LastRun.
type CheckResult = health.Result

// CheckChange is one change of a check's status: From, To, At, Lasted (how long
// it had been From), Failures (in a row until then) and Message, which is
// "recovered after 3 failures, 42.0s" when it recovered.
type CheckChange = health.Change

// Health holds the health checks of a System: each runs in the background (or
// when asked), one run at a time, and is owned by an actor that keeps its last
// result. Get it from System.Health. Safe for concurrent use.
type Health struct {
	shared  *health.Shared
	version string
	started time.Time

	checks   atomic.Pointer[checkSet]
	circuits atomic.Pointer[circuits] // nil: breakers are not shown

	drained  sync.Once
	draining chan struct{} // closed when Drain or Shutdown begins

	mu      sync.Mutex       // held by whoever replaces checks
	closed  bool             // no more are registered
	retired []*health.Handle // deregistered while their last run was in flight
}

func newHealth(shared *health.Shared, version string, started time.Time) *Health {
	h := &Health{shared: shared, version: version, started: started, draining: make(chan struct{})}
	h.checks.Store(newCheckSet(nil))
	return h
}

// isMade reports whether h came from System.Health.
func (h *Health) isMade() bool { return h != nil && h.shared != nil }

var errNotMadeHealth error = &ConfigError{Kind: "check", Field: "Health", Problem: "must come from System.Health"}

// Register adds a check and starts its first run. A bad setting, a nil check,
// an empty name or one that is taken, and a dependency that is not registered
// yet, is a *ConfigError (so there can be no cycle of dependencies). After Shutdown it
// returns ErrShutdown.
func (h *Health) Register(name string, cfg CheckConfig, check Check) error {
	if !h.isMade() {
		return errNotMadeHealth
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrShutdown
	}
	set := h.checks.Load()
	at, taken := search(set.all.checks, name)
	if taken {
		return &ConfigError{Kind: "check", Name: name, Field: "Name", Problem: "is taken"}
	}
	dependencies, err := set.dependencies(name, cfg.DependsOn)
	if err != nil {
		return err
	}
	c, err := health.Start(h.shared, name, cfg, check, dependencies...)
	if err != nil {
		return err
	}
	h.checks.Store(set.with(at, c))
	return nil
}

// Deregister removes a check and cancels the ctx of its run, if one is in
// flight. The name is free at once. A name that is not registered, or that
// another check depends on, is a *ConfigError; after Shutdown it returns ErrShutdown.
func (h *Health) Deregister(name string) error {
	if !h.isMade() {
		return errNotMadeHealth
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return ErrShutdown
	}
	set := h.checks.Load()
	at, found := search(set.all.checks, name)
	if !found {
		return &ConfigError{Kind: "check", Name: name, Field: "Name", Problem: "is not registered"}
	}
	c := set.all.checks[at]
	if c.IsShown() {
		return &ConfigError{Kind: "check", Name: name, Field: "Name", Problem: "shows a circuit breaker"}
	}
	if by := set.dependant(name); by != "" {
		return &ConfigError{Kind: "check", Name: name, Field: "DependsOn", Problem: "check '" + by + "' depends on it"}
	}
	h.checks.Store(set.without(at))
	c.Stop()
	h.retired = slices.DeleteFunc(h.retired, func(c *health.Handle) bool { return !c.Running() })
	h.retired = append(h.retired, c)
	return nil
}

// Run returns a fresh result of one check: it starts a run, or joins the one
// in flight. If ctx ends first the run goes on, and this answer is Unknown
// with ctx's error in its message. A check that is stuck past its timeout, or
// waits for its supervisor after a panic, answers at once with what is known.
// A name that is not registered is Unknown, "Check 'x' not found".
func (h *Health) Run(ctx context.Context, name string) CheckResult {
	if !h.isMade() {
		return CheckResult{Name: name, Message: errNotMadeHealth.Error()}
	}
	checks := h.checks.Load().all.checks
	at, found := search(checks, name)
	if !found {
		return CheckResult{Name: name, Message: fmt.Sprintf("Check '%s' not found", messages.Clip(name))}
	}
	return checks[at].Run(ctx)
}

// RunAll runs all checks at once (or as many as SystemConfig.ChecksAtOnce
// allows), each within its timeout, and waits for them, at most until ctx ends:
// what has not finished by then is Unknown in this answer.
func (h *Health) RunAll(ctx context.Context) SystemHealth {
	if !h.isMade() {
		return SystemHealth{}
	}
	if ctx != nil { // derived here, so that a ctx of the caller's own that panics does so in the caller
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
	}
	checks := h.checks.Load().all.checks
	results := make([]CheckResult, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() { results[i] = c.Run(ctx) })
	}
	wg.Wait()
	now := time.Now()
	var all health.Overall
	var causes []string
	for i, c := range checks {
		results[i] = c.Amid(results[i], now)
		all.Add(results[i].Status, c.Config().Optional)
		if by := results[i].BlockedBy; by != "" && !slices.Contains(causes, by) {
			causes = append(causes, by)
		}
	}
	slices.Sort(causes)
	return h.report(all.Status(), results, causes, now)
}

// Snapshot returns the last results: of all checks, or of those in any of the
// groups. It runs nothing and never waits.
func (h *Health) Snapshot(groups ...string) SystemHealth {
	if !h.isMade() {
		return SystemHealth{}
	}
	now := time.Now()
	p := h.picture(h.checks.Load().union(groups), now)
	return h.report(p.status, p.results(now), slices.Clone(p.causes), now)
}

func (h *Health) report(status Status, results []CheckResult, causes []string, now time.Time) SystemHealth {
	return SystemHealth{
		Status: status, Version: h.version, Uptime: now.Sub(h.started), Timestamp: now, Checks: results,
		RootCauses: causes, Draining: h.isDraining(),
	}
}

// shutdown lets no check run any more, cancels those that do, and waits for
// them until ctx ends. It returns the names of those that were still running.
func (h *Health) shutdown(ctx context.Context) (stuck []string) {
	h.drain()
	h.mu.Lock()
	h.closed = true
	all := slices.Concat(h.retired, h.checks.Load().all.checks)
	h.mu.Unlock()
	for _, c := range all {
		c.Cancel(ErrShutdown)
	}
	for _, c := range all {
		if !returned(ctx, c) {
			stuck = append(stuck, c.Name())
		}
	}
	slices.Sort(stuck)
	return slices.Compact(stuck)
}

// returned waits until no run of c is in flight, or ctx ends.
func returned(ctx context.Context, c *health.Handle) bool {
	if !c.Running() {
		return true
	}
	select {
	case <-c.Returned():
		return true
	case <-ctx.Done():
		return !c.Running()
	}
}
