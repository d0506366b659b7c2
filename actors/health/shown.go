package health

import (
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Shown is a check that nobody runs: it stands as it was told last. Its Handle
// is like any other; a Run of it answers at once. It has no owner: Tell must
// not be called concurrently.
type Shown struct {
	*Handle
	machine machine
}

// Show makes a check that stands as Tell says, in these groups. The caller
// has validated the names.
func Show(shared *Shared, name string, groups []string) *Shown {
	cfg := Config{Interval: OnDemand, Groups: groups}.withDefaults()
	h := &Handle{name: name, cfg: cfg, shared: shared, runner: newRunner(nil, 0)}
	s := &Shown{Handle: h, machine: machine{cfg: cfg, last: Result{Name: name}}}
	h.view.Store(s.machine.view(time.Now()))
	return s
}

// Tell publishes how it stands from now on.
func (s *Shown) Tell(now time.Time, status messages.Status, message string, details messages.Details) {
	s.machine.startedAt = now // it took no time
	var e effects
	s.machine.observe(&e, now, status, message, details)
	s.publish(s.machine.view(now))
}

// IsShown reports whether nobody runs the check: it comes from Show.
func (h *Handle) IsShown() bool { return h.owner == nil }
