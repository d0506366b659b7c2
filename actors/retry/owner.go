package retry

import (
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// kind is what the runtime knows of the owners of retry policies.
var kind = owner.InPlace("retry", "Retry")

// The questions that an owner answers.
type (
	attemptCell   = ask.Cell[messages.Attempt, messages.Verdict]
	configureCell = ask.Cell[configure, struct{}]
	statsCell     = ask.Cell[stats, messages.RetryStats]

	configure struct {
		at  time.Time
		cfg Config
	}
	stats struct{}
)

// ownerState is the owner of one policy. It outlives the owner's crashes.
type ownerState struct {
	bench    owner.Bench[*machine]
	handle   *Handle
	attempts ask.Pool[messages.Attempt, messages.Verdict]
}

// spawn starts the owner of h, which must not have one.
func (h *Handle) spawn() (*ownerState, error) {
	cfg, now := h.settings.Load(), time.Now()
	if cfg.tally != nil {
		now = cfg.tally.origin
	}
	m := newMachine(h.name, cfg.cfg, now)
	o := &ownerState{handle: h, bench: owner.Bench[*machine]{Host: h.host, Kind: &kind, Name: h.name, Machine: &m, Spare: &machine{}}}
	return o, o.bench.Spawn(o)
}

// Receive takes one message: a step of the machine, then its effects.
func (o *ownerState) Receive(message any) {
	switch cell := message.(type) {
	case *attemptCell:
		q := cell.Question
		e := o.step(q.At, func(m *machine) effects { return m.failed(q) })
		owner.Answer(&o.bench, cell, e.verdict)
	case *configureCell:
		q := cell.Question
		o.step(q.at, func(m *machine) effects { return m.configure(q.at, q.cfg) })
		owner.Answer(&o.bench, cell, struct{}{})
	case *statsCell:
		owner.Answer(&o.bench, cell, o.bench.Machine.stats)
	}
}

// step takes one step, and shows the callers what they must see before anybody
// has an answer.
func (o *ownerState) step(now time.Time, input func(*machine) effects) (e effects) {
	o.bench.Step(func(m *machine) (keep bool) {
		e = input(m)
		return true
	})
	if e.publish {
		o.handle.publish(o.bench.Machine.cfg, now)
	}
	return e
}
