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
	// Groups are the groups of checks that the breakers belong to. Default {"circuits"}, which /health/circuits
	// shows; empty but not nil: none. If "ready" is one of them, /readyz shows the breakers too.
	Groups []string
	// Strict makes a breaker that is not CLOSED UNHEALTHY instead of DEGRADED. In the group "ready" such a
	// breaker takes the service out of traffic. Default false.
	Strict bool
	// Most is the maximum number of breakers that are shown. Default 1,000.
	Most int
}

// circuitPrefix begins the names of the checks of breakers.
const circuitPrefix = "circuit:"

// ShowBreakers makes each breaker of the System a check of its Health, including
// breakers that are made later. The breaker "payments" is the check
// "circuit:payments" in /health, in Snapshot, in the text for Prometheus and
// wherever else checks appear.
//
//	CLOSED             HEALTHY
//	OPEN, HALF_OPEN    DEGRADED (Strict: UNHEALTHY), with the reason: "OPEN: 5 failures"
//	ForceOpen          DEGRADED (Strict: UNHEALTHY), "OPEN: forced open"
//	Disable            HEALTHY, "disabled"
//
// An open circuit means that its breaker does its work. /readyz therefore ignores
// breakers unless Groups contains "ready", and even then DEGRADED is 200.
//
// These checks are passive: BreakerChanged events update them, slightly after the
// breaker. Their timestamp is that of the last change. They keep their last changes
// and report flapping as other checks do. They emit no CheckChanged, cannot be
// deregistered, and other checks cannot depend on them.
//
// Breakers get a check in the order in which they are made, up to Most. A further
// breaker gets a check when its circuit leaves CLOSED, in place of a breaker that
// is CLOSED. Closed breakers beyond Most cost nothing.
//
// ShowBreakers may be called once. An invalid setting or a second call is a
// *ConfigError. After Shutdown it returns ErrShutdown.
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

// breakerChecks holds the checks of the breakers that are shown. health.mu guards
// entries.
type breakerChecks struct {
	health  *Health
	sys     *System
	cfg     ShowBreakersConfig
	entries map[string]*breakerCheck // by the name of the breaker
}

// breakerCheck is the check of one breaker, with what it shows.
type breakerCheck struct {
	*health.Passive
	state State
	mode  Mode
}

// begin registers c with health, so that breakers made from now on are shown.
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

// onEvent is a subscriber: it updates the checks of breakers that change.
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

// apply updates the check of a breaker from an event.
func (c *breakerChecks) apply(b *Breaker, e BreakerChanged) {
	c.health.mu.Lock()
	defer c.health.mu.Unlock()
	if !c.health.closed {
		c.show(b, e.To, e.Reason)
	}
}

// sync updates the check of a breaker from its current state: of a breaker that is
// new, or whose events were lost.
func (c *breakerChecks) sync(b *Breaker) {
	c.health.mu.Lock()
	defer c.health.mu.Unlock()
	entry, state := c.entries[b.Name()], b.State()
	if !c.health.closed && (entry == nil || entry.state != state || entry.mode != b.handle.Mode()) {
		c.show(b, state, "")
	}
}

// show updates the check of a breaker. A breaker without a check gets one if there
// is room. health.mu is held.
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
	if _, taken := set.Find(name); taken { // the user registered a check with that name
		c.sys.runtime.Logger().Warn("Circuit breaker is not shown: there is a check of that name", "breaker", b.Name(), "check", name)
		return
	}
	entry := &breakerCheck{Passive: health.NewPassive(c.health.shared, name, c.cfg.Groups)}
	c.describe(entry, b, state, reason)
	c.entries[b.Name()] = entry
	c.health.source.Set.Store(set.With(entry.Handle))
}

// makeRoom removes the check of a breaker that is CLOSED, and reports whether there
// was one.
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

// describe updates entry with the status, message and details for the state of a
// breaker.
func (c *breakerChecks) describe(entry *breakerCheck, b *Breaker, state State, reason string) {
	entry.state, entry.mode = state, b.handle.Mode()
	details := Details{"state": state.String()}
	switch {
	case entry.mode == ForcedOpen && state == Open, entry.mode == Disabled && state == Closed:
		reason = entry.mode.String()
		details["mode"] = reason
	case state == Closed:
		reason = "" // a healthy check has no message
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
