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

// Health runs the health checks of a System. Each check has an actor that runs it
// in the background or on demand, one run at a time, and keeps its last result. Get
// it from System.Health. Safe for concurrent use.
type Health struct {
	shared   *health.Shared
	source   *healthz.Source               // the registered checks
	breakers atomic.Pointer[breakerChecks] // nil: breakers are not shown

	drained  sync.Once
	draining chan struct{} // closed when Drain or Shutdown begins

	mu      sync.Mutex       // guards replacing source.Set, and the fields below
	closed  bool             // Shutdown has begun: no check can be registered
	retired []*health.Handle // deregistered checks whose last run may still be in flight
}

func newHealth(shared *health.Shared, version string, started time.Time) *Health {
	draining := make(chan struct{})
	return &Health{shared: shared, source: healthz.NewSource(shared, version, started, draining), draining: draining}
}

// valid reports whether h came from System.Health.
func (h *Health) valid() bool { return h != nil && h.shared != nil }

var errInvalidHealth error = &ConfigError{Kind: "check", Field: "Health", Problem: "must come from System.Health"}

// Register adds a check and starts its first run. It returns a *ConfigError if a
// setting is invalid, check is nil, the name is invalid or taken, or a dependency
// is not registered yet; dependencies can therefore not form a cycle. After
// Shutdown, Register returns ErrShutdown.
func (h *Health) Register(name string, cfg CheckConfig, check Check) error {
	if !h.valid() {
		return errInvalidHealth
	}
	if err := cfg.Check(name); err != nil {
		return err
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

// Deregister removes a check and cancels the ctx of a run that is in flight. The
// name can be registered again at once. Deregister returns a *ConfigError if the
// name is not registered, belongs to a breaker (see ShowBreakers), or another check
// depends on it. After Shutdown it returns ErrShutdown.
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
	if dependent := set.Dependent(name); dependent != "" {
		return &ConfigError{Kind: "check", Name: name, Field: "DependsOn", Problem: "check '" + dependent + "' depends on it"}
	}
	h.source.Set.Store(set.Without(name))
	if shown := h.breakers.Load(); shown != nil {
		shown.freed(name)
	}
	c.Stop()
	h.retired = slices.DeleteFunc(h.retired, func(c *health.Handle) bool { return !c.Running() })
	h.retired = append(h.retired, c)
	return nil
}

// Run returns a fresh result of one check. It starts a run, or joins the run that
// is in flight. If ctx ends first, the run goes on, and Run returns a result that
// is Unknown, with the error of ctx in its message. If the check is stuck after its
// timeout, or waits for its restart after a panic, Run returns the last result at
// once. For a name that is not registered the result is Unknown, with the message
// "Check 'x' not found".
func (h *Health) Run(ctx context.Context, name string) CheckResult {
	if !h.valid() {
		return CheckResult{Name: name, Message: errInvalidHealth.Error()}
	}
	c, found := h.source.Set.Load().Find(name)
	if !found {
		return CheckResult{Name: name, Message: fmt.Sprintf("Check '%s' not found", messages.Printable(messages.Clip(name)))}
	}
	return checkResult(c.Run(ctx))
}

// RunAll runs all checks concurrently (at most SystemConfig.ChecksAtOnce at the same
// time), each within its timeout, and waits for them. If ctx ends first, checks
// that have not finished are Unknown in the result; their runs go on.
func (h *Health) RunAll(ctx context.Context) SystemHealth {
	if !h.valid() {
		return SystemHealth{}
	}
	if ctx != nil { // a ctx of the user's own type that panics does so here, in the caller's goroutine
		var cancel context.CancelFunc
		ctx, cancel = context.WithCancel(health.Caller(ctx))
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

// Snapshot returns the last results of the checks that are in any of the groups;
// without groups, of all checks. It runs no check and never blocks.
func (h *Health) Snapshot(groups ...string) SystemHealth {
	if !h.valid() {
		return SystemHealth{}
	}
	return systemHealth(h.source.Snapshot(groups...))
}

// Status returns the Status that Snapshot would report for the same groups. It runs
// no check and never blocks.
func (h *Health) Status(groups ...string) Status {
	if !h.valid() {
		return Unknown
	}
	return h.source.Status(groups...)
}

// Groups returns the names of all groups that checks belong to, sorted. "live" and
// "ready" are always among them.
func (h *Health) Groups() []string {
	if !h.valid() {
		return nil
	}
	return h.source.Set.Load().Groups()
}

// shutdown stops all checks, cancels the runs in flight and waits for them until
// ctx ends. It returns the names of the checks that are still running then.
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

// returned blocks until no run of c is in flight or ctx ends. It reports whether no
// run is in flight.
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

// probe runs a check for a breaker that names it as its Probe. It returns the status
// of that run alone, and its message. The status is Unknown if there is no such
// check.
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
