package api

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/api/internal/healthz"
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
	shared   *health.Shared
	source   *healthz.Source          // the checks, and what is reported of them
	circuits atomic.Pointer[circuits] // nil: breakers are not shown

	drained  sync.Once
	draining chan struct{} // closed when Drain or Shutdown begins

	mu      sync.Mutex       // guards each replacement of source.Set, and what follows
	closed  bool             // no more are registered
	retired []*health.Handle // deregistered while their last run was in flight
}

func newHealth(shared *health.Shared, version string, started time.Time) *Health {
	draining := make(chan struct{})
	return &Health{shared: shared, source: healthz.NewSource(shared, version, started, draining), draining: draining}
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
	set := h.source.Set.Load()
	if _, taken := set.Find(name); taken {
		return &ConfigError{Kind: "check", Name: name, Field: "Name", Problem: "is taken"}
	}
	dependencies, err := set.Dependencies(name, cfg.DependsOn)
	if err != nil {
		return err
	}
	c, err := health.Start(h.shared, name, cfg, check, dependencies...)
	if err != nil {
		return err
	}
	h.source.Set.Store(set.With(c))
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
	set := h.source.Set.Load()
	c, found := set.Find(name)
	if !found {
		return &ConfigError{Kind: "check", Name: name, Field: "Name", Problem: "is not registered"}
	}
	if c.IsPassive() {
		return &ConfigError{Kind: "check", Name: name, Field: "Name", Problem: "shows a circuit breaker"}
	}
	if by := set.Dependant(name); by != "" {
		return &ConfigError{Kind: "check", Name: name, Field: "DependsOn", Problem: "check '" + by + "' depends on it"}
	}
	h.source.Set.Store(set.Without(name))
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
	c, found := h.source.Set.Load().Find(name)
	if !found {
		return CheckResult{Name: name, Message: fmt.Sprintf("Check '%s' not found", messages.Clip(name))}
	}
	return c.Run(ctx)
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
	checks := h.source.Set.Load().Checks()
	results := make([]CheckResult, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() { results[i] = c.Run(ctx) })
	}
	wg.Wait()
	return SystemHealth(h.source.SnapshotOf(checks, results))
}

// Snapshot returns the last results: of all checks, or of those in any of the
// groups. It runs nothing and never waits.
func (h *Health) Snapshot(groups ...string) SystemHealth {
	if !h.isMade() {
		return SystemHealth{}
	}
	return SystemHealth(h.source.Snapshot(groups...))
}

// Status returns the Status that Snapshot would report: of all checks, or of
// those in any of the groups. It runs nothing and never waits.
func (h *Health) Status(groups ...string) Status {
	if !h.isMade() {
		return Unknown
	}
	return h.source.Status(groups...)
}

// Groups returns the names of all groups that checks are in, sorted; "live"
// and "ready" are always there.
func (h *Health) Groups() []string {
	if !h.isMade() {
		return nil
	}
	return h.source.Set.Load().Groups()
}

// shutdown lets no check run any more, cancels those that do, and waits for
// them until ctx ends. It returns the names of those that were still running.
func (h *Health) shutdown(ctx context.Context) (stuck []string) {
	h.drain()
	h.mu.Lock()
	h.closed = true
	all := slices.Concat(h.retired, h.source.Set.Load().Checks())
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
