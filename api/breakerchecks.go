package api

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// ShowBreakersConfig holds the settings of ShowBreakers. The zero value means
// the defaults.
type ShowBreakersConfig struct {
	// Groups are the groups that the breakers are in. Default {"circuits"}, which /health/circuits shows;
	// empty but not nil: none. With "ready" among them, /readyz shows them too.
	Groups []string
	// Strict makes a breaker that is not CLOSED UNHEALTHY instead of DEGRADED: in the group "ready" it takes
	// the service out of traffic. Default false.
	Strict bool
	// Most is how many breakers are shown at once. Default 1,000.
	Most int
}

// circuitPrefix is what the names of shown breakers begin with.
const circuitPrefix = "circuit:"

// ShowBreakers makes each breaker of the System a check of its Health, also
// those made later: the breaker "payments" is the check "circuit:payments" in
// /health, Snapshot, the Prometheus text and wherever else checks are.
//
//	CLOSED             HEALTHY
//	OPEN, HALF_OPEN    DEGRADED (Strict: UNHEALTHY), with the reason: "OPEN: 5 failures"
//	ForceOpen          DEGRADED (Strict: UNHEALTHY), "OPEN: forced open"
//	Disable            HEALTHY, "disabled"
//
// An open circuit means that its breaker does its work: /readyz is not
// touched unless Groups say so, and DEGRADED is 200 even there.
//
// Nobody runs these checks. They follow the BreakerChanged events, a moment
// after the breaker; their time is that of the last change, they keep the last
// changes and tell flapping as others do, and there is no CheckChanged of them.
// They cannot be deregistered, or depended on.
//
// Breakers get a check in the order they are made, up to Most. With Most
// checks, a further breaker gets one when its circuit leaves CLOSED, in place of
// one that is CLOSED. So a million breakers that are well cost nothing here.
//
// It may be called once. A bad setting, or a second call, is a *ConfigError;
// after Shutdown it returns ErrShutdown.
func (s *System) ShowBreakers(cfg ShowBreakersConfig) error {
	if !s.valid() {
		return noSystem("circuits", "")
	}
	bad := func(field, problem string) error {
		return &ConfigError{Kind: "circuits", Field: field, Problem: problem}
	}
	for _, group := range cfg.Groups {
		if problem := messages.NameProblem(group); problem != "" {
			return bad("Groups", "each name "+problem)
		}
	}
	if cfg.Most < 0 {
		return bad("Most", messages.MustNotBeNegative(cfg.Most))
	}
	if cfg.Groups == nil {
		cfg.Groups = []string{"circuits"}
	}
	cfg.Groups = slices.Clone(cfg.Groups)
	cfg.Most = cmp.Or(cfg.Most, 1000)
	c := &breakerChecks{health: s.health, sys: s, cfg: cfg, entries: map[string]*breakerCheck{}}
	if err := c.begin(); err != nil {
		return err
	}
	s.Subscribe(c.onEvent)
	for _, b := range s.Breakers() {
		c.sync(b)
	}
	return nil
}

// breakerChecks are the breakers that health shows. The mutex of health is held
// wherever entries are touched.
type breakerChecks struct {
	health  *Health
	sys     *System
	cfg     ShowBreakersConfig
	entries map[string]*breakerCheck // by the name of the breaker
}

// breakerCheck is a breaker that is shown.
type breakerCheck struct {
	*health.Passive
	state State
	mode  Mode
}

// begin shows the breakers that are made from now on.
func (c *breakerChecks) begin() error {
	c.health.mu.Lock()
	defer c.health.mu.Unlock()
	if c.health.closed {
		return ErrShutdown
	}
	if !c.health.breakers.CompareAndSwap(nil, c) {
		return &ConfigError{Kind: "circuits", Field: "ShowBreakers", Problem: "may be called once"}
	}
	c.health.source.Set.Store(c.health.source.Set.Load().Declare(c.cfg.Groups))
	return nil
}

// onEvent follows the changes of breakers; it is a subscriber.
func (c *breakerChecks) onEvent(e Event) {
	switch e := e.(type) {
	case BreakerChanged:
		if b, ok := c.sys.LookupBreaker(e.Name); ok {
			c.apply(b, e)
		}
	case Dropped: // events were lost
		for _, b := range c.sys.Breakers() {
			c.sync(b)
		}
	}
}

// apply shows what an event says of a breaker.
func (c *breakerChecks) apply(b *Breaker, e BreakerChanged) {
	c.health.mu.Lock()
	defer c.health.mu.Unlock()
	if !c.health.closed {
		c.show(b, e.To, e.Reason)
	}
}

// sync shows a breaker that is new, or whose events were lost.
func (c *breakerChecks) sync(b *Breaker) {
	c.health.mu.Lock()
	defer c.health.mu.Unlock()
	entry, state := c.entries[b.Name()], b.State()
	if !c.health.closed && (entry == nil || entry.state != state || entry.mode != b.handle.Mode()) {
		c.show(b, state, "")
	}
}

// show updates the check of a breaker. If it has none, it gets one, as long as
// there is room.
func (c *breakerChecks) show(b *Breaker, state State, reason string) {
	if entry, known := c.entries[b.Name()]; known {
		c.describe(entry, b, state, reason)
		return
	}
	if len(c.entries) >= c.cfg.Most && (state == Closed || !c.makeRoom()) {
		return
	}
	set := c.health.source.Set.Load()
	name := circuitPrefix + b.Name()
	if _, taken := set.Find(name); taken { // a check of that name was registered before
		c.sys.runtime.Logger().Warn("Circuit breaker is not shown: there is a check of that name", "breaker", b.Name(), "check", name)
		return
	}
	entry := &breakerCheck{Passive: health.NewPassive(c.health.shared, name, c.cfg.Groups)}
	c.describe(entry, b, state, reason)
	c.entries[b.Name()] = entry
	c.health.source.Set.Store(set.With(entry.Handle))
}

// makeRoom removes the check of a breaker that is CLOSED, if there is one.
func (c *breakerChecks) makeRoom() bool {
	for name, entry := range c.entries {
		if entry.state == Closed {
			c.health.source.Set.Store(c.health.source.Set.Load().Without(entry.Name()))
			delete(c.entries, name)
			return true
		}
	}
	return false
}

// describe puts into words how a breaker stands.
func (c *breakerChecks) describe(entry *breakerCheck, b *Breaker, state State, reason string) {
	entry.state, entry.mode = state, b.handle.Mode()
	details := Details{"state": state.String()}
	switch {
	case entry.mode == ForcedOpen && state == Open, entry.mode == Disabled && state == Closed:
		reason = entry.mode.String()
		details["mode"] = reason
	case state == Closed:
		reason = "" // all is well: no reason
	}
	status, message := Healthy, reason
	if state != Closed {
		status, message = Degraded, strings.TrimSuffix(state.String()+": "+reason, ": ")
		if c.cfg.Strict {
			status = Unhealthy
		}
	}
	entry.Update(time.Now(), status, message, details)
}
