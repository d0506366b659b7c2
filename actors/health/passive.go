package health

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Passive is a check that nobody runs: Update says how it stands. Its Handle is
// like any other; Run returns the last update at once. It has no owner: Update
// must not be called concurrently.
type Passive struct {
	*Handle
	machine machine
}

// NewPassive makes a passive check in these groups. The caller has validated
// the names.
func NewPassive(shared *Shared, name string, groups []string) *Passive {
	cfg := Config{Interval: OnDemand, Groups: groups}.withDefaults()
	h := &Handle{name: name, cfg: cfg, shared: shared, runner: newRunner(nil, 0)}
	p := &Passive{Handle: h, machine: machine{cfg: cfg, last: Result{Name: name}}}
	h.view.Store(p.machine.view(time.Now()))
	return p
}

// Update publishes how the check stands from now on.
func (p *Passive) Update(now time.Time, status messages.Status, message string, details messages.Details) {
	p.machine.startedAt = now // it took no time
	var e effects
	p.machine.observe(&e, now, status, message, details)
	p.publish(p.machine.view(now))
}

// IsPassive reports whether nobody runs the check: it comes from NewPassive.
func (h *Handle) IsPassive() bool { return h.owner == nil }
