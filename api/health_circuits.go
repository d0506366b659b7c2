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
	if !s.isMade() {
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
	c := &circuits{h: s.health, sys: s, cfg: cfg, rows: map[string]*circuit{}}
	if err := c.begin(); err != nil {
		return err
	}
	s.Subscribe(c.note)
	for _, b := range s.Breakers() {
		c.look(b)
	}
	return nil
}

// circuits are the breakers that health shows. The mutex of health is held
// wherever rows are touched.
type circuits struct {
	h    *Health
	sys  *System
	cfg  ShowBreakersConfig
	rows map[string]*circuit // by the name of the breaker
}

// circuit is a breaker that is shown.
type circuit struct {
	*health.Passive
	state State
	mode  Mode
}

// begin shows the breakers that are made from now on.
func (c *circuits) begin() error {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	if c.h.closed {
		return ErrShutdown
	}
	if !c.h.circuits.CompareAndSwap(nil, c) {
		return &ConfigError{Kind: "circuits", Field: "ShowBreakers", Problem: "may be called once"}
	}
	c.h.source.Set.Store(c.h.source.Set.Load().Declare(c.cfg.Groups))
	return nil
}

// note follows what happens to breakers; it is a subscriber.
func (c *circuits) note(e Event) {
	switch e := e.(type) {
	case BreakerChanged:
		if b, ok := c.sys.LookupBreaker(e.Name); ok {
			c.follow(b, e)
		}
	case Dropped: // events were lost
		for _, b := range c.sys.Breakers() {
			c.look(b)
		}
	}
}

func (c *circuits) follow(b *Breaker, e BreakerChanged) {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	if !c.h.closed {
		c.show(b, e.To, e.Reason)
	}
}

// look shows a breaker that is new, or has changed unheard.
func (c *circuits) look(b *Breaker) {
	c.h.mu.Lock()
	defer c.h.mu.Unlock()
	row, state := c.rows[b.Name()], b.State()
	if !c.h.closed && (row == nil || row.state != state || row.mode != b.h.Mode()) {
		c.show(b, state, "")
	}
}

// show tells how a breaker stands, if it has a row or there is one for it.
func (c *circuits) show(b *Breaker, state State, reason string) {
	if row, known := c.rows[b.Name()]; known {
		c.tell(row, b, state, reason)
		return
	}
	if len(c.rows) >= c.cfg.Most && (state == Closed || !c.makeRoom()) {
		return
	}
	set := c.h.source.Set.Load()
	name := circuitPrefix + b.Name()
	if _, taken := set.Find(name); taken { // a check of that name was registered before
		c.sys.sys.Logger().Warn("Circuit breaker is not shown: there is a check of that name", "breaker", b.Name(), "check", name)
		return
	}
	row := &circuit{Passive: health.NewPassive(c.h.shared, name, c.cfg.Groups)}
	c.tell(row, b, state, reason)
	c.rows[b.Name()] = row
	c.h.source.Set.Store(set.With(row.Handle))
}

// makeRoom takes the row of a breaker that is CLOSED away, if there is one.
func (c *circuits) makeRoom() bool {
	for name, row := range c.rows {
		if row.state == Closed {
			c.h.source.Set.Store(c.h.source.Set.Load().Without(row.Name()))
			delete(c.rows, name)
			return true
		}
	}
	return false
}

// tell puts into words how a breaker stands.
func (c *circuits) tell(row *circuit, b *Breaker, state State, reason string) {
	row.state, row.mode = state, b.h.Mode()
	details := Details{"state": state.String()}
	switch {
	case row.mode == ForcedOpen && state == Open, row.mode == Disabled && state == Closed:
		reason = row.mode.String()
		details["mode"] = reason
	case state == Closed:
		reason = "" // it is well: no reasons
	}
	status, message := Healthy, reason
	if state != Closed {
		status, message = Degraded, strings.TrimSuffix(state.String()+": "+reason, ": ")
		if c.cfg.Strict {
			status = Unhealthy
		}
	}
	row.Update(time.Now(), status, message, details)
}
