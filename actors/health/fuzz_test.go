package health

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// FuzzMachine plays any sequence of inputs and checks after each what must
// always hold.
//
// Promise (Torture): Machines keep their invariants for any sequence of inputs.
func FuzzMachine(f *testing.F) {
	f.Add([]byte{0, 1, 1}, uint8(1), uint8(1), false)
	f.Add([]byte("0123456789012345678901234567890123456789"), uint8(3), uint8(2), false)
	f.Add([]byte{1, 200, 7, 1, 200, 7, 250, 7, 9, 3, 6, 1, 5, 8, 1, 3}, uint8(2), uint8(3), true)
	f.Fuzz(func(t *testing.T, script []byte, after, before uint8, onDemand bool) {
		cfg := Config{Timeout: 3 * time.Second, UnhealthyAfter: int(after % 5), HealthyAfter: int(before % 5)}
		if onDemand {
			cfg.Interval = OnDemand
		}
		p := &player{t: t, m: newMachine(cfg), now: t0}
		p.took(p.m.begin())
		for _, b := range script[:min(len(script), 500)] {
			p.now = p.now.Add(time.Duration(b>>4) * 700 * time.Millisecond)
			p.step(b & 15)
			p.check()
		}
	})
}

// player stands for the owner, the runner and the callers: it knows what is in flight.
type player struct {
	t       *testing.T
	m       *machine
	now     time.Time
	wants   bool   // the check waits for a slot
	holds   bool   // the check holds a slot
	flight  uint64 // the run in flight; 0: none
	crashed bool
	shown   messages.Status
}

// step takes a step on a copy, as the owner does, and the original must not change.
func (p *player) step(what byte) {
	was, before := p.m, *p.m
	before.changes = slices.Clone(before.changes)
	p.m = &machine{}
	p.m.CopyFrom(was)
	p.input(what)
	require.Equal(p.t, before, *was)
}

func (p *player) input(what byte) {
	m := p.m
	switch {
	case p.crashed: // the owner is suspended: only a restart reaches it
		p.crashed = false
		p.took(m.restart(p.flight != 0))
	case what < 4:
		p.took(m.tick(p.now))
	case what < 6:
		p.took(m.call(p.now))
	case what == 8 && p.wants:
		p.wants = false
		p.took(m.blocked(p.now))
	case what < 8 && p.wants:
		p.wants, p.holds = false, true
		p.took(m.granted(p.now, 0.5))
	case what < 13 && p.flight != 0:
		r := messages.RunResult{At: p.now, Run: p.flight, Status: messages.Status(1 + what%3), Panicked: what == 12}
		p.flight = 0
		p.took(m.result(r))
	case what == 13:
		require.Zero(p.t, m.result(messages.RunResult{At: p.now, Run: m.run + 1}), "a result of another run is ignored")
	case what == 14:
		p.took(m.restart(p.flight != 0))
	}
}

// took carries out the effects as the owner does.
func (p *player) took(e effects) {
	if e.release {
		p.holds = false
	}
	if e.start != 0 {
		require.Zero(p.t, p.flight, "one run in flight at a time")
		require.True(p.t, p.holds, "no run without a slot")
		p.flight = e.start
	}
	if e.changed {
		require.Equal(p.t, p.shown, e.from, "each change starts where the last one ended")
		require.NotEqual(p.t, e.from, p.m.status, "a change changes something")
		require.True(p.t, e.publish, "a change is published")
		p.shown = p.m.status
	}
	p.wants = p.wants || e.acquire
	p.crashed = e.crash
}

func (p *player) check() {
	m, t := p.m, p.t
	require.Equal(t, p.shown, m.status, "no change without an event")
	require.Equal(t, p.wants, m.phase == waiting)
	require.Equal(t, p.holds, m.phase == running, "a slot is held exactly while it runs within its timeout")
	require.True(t, m.failures == 0 || m.successes == 0)
	require.Equal(t, m.last.Timestamp.IsZero(), m.status == messages.Unknown, "UNKNOWN until the first result")
	if m.phase == running || m.phase == idle && m.cfg.Interval != OnDemand {
		require.False(t, m.wake().IsZero(), "a tick is due")
	}
	if m.phase == crashed {
		require.Equal(t, messages.Unhealthy, m.status)
	}
	v := m.view(p.now)
	require.Equal(t, v.read(p.now).Status, v.status(p.now))
	require.Equal(t, m.status, v.result.Status)
	require.False(t, m.last.Timestamp.Equal(p.now) && v.stale(p.now), "a result of now is not stale")
}
