package health

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Passive is a check that has no function to run: Update sets its result. Its Handle
// is like any other, and Run returns the last result at once. As it has no owner,
// Update must not be called concurrently.
type Passive struct {
	*Handle
	machine machine
}

// NewPassive makes a passive check in these groups. The caller must have validated
// the names.
func NewPassive(shared *Shared, name string, groups []string) *Passive {
	cfg := Config{Interval: OnDemand, Groups: groups}.withDefaults()
	return newPassive(shared, machine{cfg: cfg, last: Result{Name: name}})
}

func newPassive(shared *Shared, m machine) *Passive {
	h := &Handle{name: m.last.Name, cfg: m.cfg, shared: shared, runner: newRunner(nil, 0)}
	h.view.Store(m.view(time.Now()))
	return &Passive{Handle: h, machine: m}
}

// Renamed returns a passive check with that name, which has the result and the
// history of p. p must not be updated anymore.
func (p *Passive) Renamed(name string) *Passive {
	m := p.machine
	m.last.Name = name
	return newPassive(p.shared, m)
}

// Update publishes a new result, with at most 4 KiB of message and details that are
// Bounded.
func (p *Passive) Update(now time.Time, status messages.Status, message string, details messages.Details) {
	p.machine.startedAt = now // so that the latency is 0
	var e effects
	p.machine.observe(&e, now, status, cut(message, maxMessage), Bounded(details))
	p.publish(p.machine.view(now))
}

// IsPassive reports whether the check comes from NewPassive.
func (h *Handle) IsPassive() bool { return h.owner == nil }
