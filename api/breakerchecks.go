package api

import (
	"cmp"
	"fmt"
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

// circuitPrefix and the name of a breaker are the name of its check.
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
// The name of a breaker that is shown is taken: Register refuses it. If a breaker is
// made later than a check that is named as if it were that breaker's, a WARN is
// logged, and the breaker is shown under another name ("circuit-2:payments") until
// that check is deregistered.
//
// ShowBreakers may be called once. An invalid setting, a second call, and a check
// that has the name of a breaker is a *ConfigError. After Shutdown it returns
// ErrShutdown.
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
	if c.health.breakers.Load() != nil {
		return &ConfigError{Kind: "circuits", Field: "ShowBreakers", Problem: "may be called once"}
	}
	set := c.health.source.Set.Load()
	for _, b := range c.sys.Breakers() {
		name := circuitPrefix + b.Name()
		if _, taken := set.Find(name); taken {
			return &ConfigError{Kind: "circuits", Name: name, Field: "Name", Problem: "is taken"}
		}
	}
	c.health.breakers.Store(c)
	c.health.source.Set.Store(set.Declare(c.cfg.Groups))
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
	c.update(b, func() (renamed string) { return c.show(b, e.To, e.Reason) })
}

// sync updates the check of a breaker from its current state: of a breaker that is
// new, or whose events were lost.
func (c *breakerChecks) sync(b *Breaker) {
	c.update(b, func() (renamed string) {
		entry, state := c.entries[b.Name()], b.State()
		if entry == nil || entry.state != state || entry.mode != b.handle.Mode() {
			return c.show(b, state, "")
		}
		return ""
	})
}

// update calls show, with health.mu held, unless Shutdown has begun. If show returns
// the name under which b is shown because a check has its own, update logs that
// once the lock is free: a log handler may call anything.
func (c *breakerChecks) update(b *Breaker, show func() (renamed string)) {
	renamed := func() string {
		c.health.mu.Lock()
		defer c.health.mu.Unlock()
		if c.health.closed {
			return ""
		}
		return show()
	}()
	if renamed != "" {
		c.sys.runtime.Logger().Warn("Circuit breaker is shown under another name: there is a check of its name",
			"breaker", b.Name(), "check", circuitPrefix+b.Name(), "shown", renamed)
	}
}

// show updates the check of a breaker. A breaker without a check gets one if there
// is room; if its name is taken, under another one, which show returns. health.mu is
// held.
func (c *breakerChecks) show(b *Breaker, state State, reason string) (renamed string) {
	if entry, known := c.entries[b.Name()]; known {
		c.describe(entry, b, state, reason)
		return ""
	}
	if len(c.entries) >= c.cfg.Most && (state == Closed || !c.makeRoom()) {
		return ""
	}
	set := c.health.source.Set.Load()
	name := circuitPrefix + b.Name()
	_, taken := set.Find(name)
	for n := 2; taken; n++ {
		name = fmt.Sprintf("circuit-%d:%s", n, b.Name())
		_, taken = set.Find(name)
		renamed = name
	}
	entry := &breakerCheck{Passive: health.NewPassive(c.health.shared, name, c.cfg.Groups)}
	c.describe(entry, b, state, reason)
	c.entries[b.Name()] = entry
	c.health.source.Set.Store(set.With(entry.Handle))
	return renamed
}

// freed gives a breaker that is shown under another name its own one, if that is the
// name of a check that was removed. health.mu is held.
func (c *breakerChecks) freed(name string) {
	breaker, _ := strings.CutPrefix(name, circuitPrefix)
	entry := c.entries[breaker]
	if entry == nil || circuitPrefix+breaker != name {
		return
	}
	set := c.health.source.Set.Load().Without(entry.Name())
	entry.Passive = entry.Renamed(name)
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
