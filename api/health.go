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

// Health holds the health checks of a System: each runs in the background (or
// when asked), one run at a time, and is owned by an actor that keeps its last
// result. Get it from System.Health. Safe for concurrent use.
type Health struct {
	shared   *health.Shared
	source   *healthz.Source               // the checks, and what is reported of them
	breakers atomic.Pointer[breakerChecks] // nil: breakers are not shown

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

// valid reports whether h came from System.Health.
func (h *Health) valid() bool { return h != nil && h.shared != nil }

var errInvalidHealth error = &ConfigError{Kind: "check", Field: "Health", Problem: "must come from System.Health"}

// Register adds a check and starts its first run. A bad setting, a nil check,
// an empty name or one that is taken, and a dependency that is not registered
// yet, is a *ConfigError (so there can be no cycle of dependencies). After Shutdown it
// returns ErrShutdown.
func (h *Health) Register(name string, cfg CheckConfig, check Check) error {
	if !h.valid() {
		return errInvalidHealth
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
	c, err := health.Start(h.shared, name, health.Config(cfg), health.Func(check), dependencies...)
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
	if !h.valid() {
		return errInvalidHealth
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
	if by := set.Dependent(name); by != "" {
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
	if !h.valid() {
		return CheckResult{Name: name, Message: errInvalidHealth.Error()}
	}
	c, found := h.source.Set.Load().Find(name)
	if !found {
		return CheckResult{Name: name, Message: fmt.Sprintf("Check '%s' not found", messages.Clip(name))}
	}
	return checkResult(c.Run(ctx))
}

// RunAll runs all checks at once (or as many as SystemConfig.ChecksAtOnce
// allows), each within its timeout, and waits for them, at most until ctx ends:
// what has not finished by then is Unknown in this answer.
func (h *Health) RunAll(ctx context.Context) SystemHealth {
	if !h.valid() {
		return SystemHealth{}
	}
	if ctx != nil { // derived here, so that a ctx of the caller's own that panics does so in the caller
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(ctx)
		defer cancel()
	}
	checks := h.source.Set.Load().Checks()
	results := make([]health.Result, len(checks))
	var wg sync.WaitGroup
	for i, c := range checks {
		wg.Go(func() { results[i] = c.Run(ctx) })
	}
	wg.Wait()
	return systemHealth(h.source.SnapshotOf(checks, results))
}

// Snapshot returns the last results: of all checks, or of those in any of the
// groups. It runs nothing and never waits.
func (h *Health) Snapshot(groups ...string) SystemHealth {
	if !h.valid() {
		return SystemHealth{}
	}
	return systemHealth(h.source.Snapshot(groups...))
}

// Status returns the Status that Snapshot would report: of all checks, or of
// those in any of the groups. It runs nothing and never waits.
func (h *Health) Status(groups ...string) Status {
	if !h.valid() {
		return Unknown
	}
	return h.source.Status(groups...)
}

// Groups returns the names of all groups that checks are in, sorted; "live"
// and "ready" are always there.
func (h *Health) Groups() []string {
	if !h.valid() {
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

// probe runs a check for a breaker that names it as its Probe. It returns what
// that run said, and why; Unknown if there is no such check, or no more.
func (h *Health) probe(ctx context.Context, name string) (Status, string) {
	r := h.Run(ctx, name)
	switch {
	case r.BlockedBy != "":
		return Unhealthy, r.Message
	case r.Status == Unknown:
		return Unknown, r.Message
	}
	return r.LastRun, r.Message
}
