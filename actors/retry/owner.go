package retry

import (
	"time"

	"github.com/understudy-go/understudy/actors/internal/ask"
	"github.com/understudy-go/understudy/actors/internal/owner"
	"github.com/understudy-go/understudy/messages"
)

// kind is the kind of the owners of retry policies.
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

// ownerState is the owner of one policy. A crash does not replace it.
type ownerState struct {
	bench    owner.Bench[*machine]
	handle   *Handle
	attempts ask.Pool[messages.Attempt, messages.Verdict]
}

// spawn starts the owner of h, which must have none.
func (h *Handle) spawn() (*ownerState, error) {
	cfg, now := h.settings.Load(), time.Now()
	if cfg.recent != nil {
		now = cfg.recent.origin
	}
	m := newMachine(h.name, cfg.cfg, now)
	o := &ownerState{handle: h, bench: owner.New(&kind, &m, &machine{})}
	return o, o.bench.Spawn(o)
}

// Host returns the runtime of the owner.
func (o *ownerState) Host() owner.Host { return o.handle.shared.Host }

// Name returns the name of the policy.
func (o *ownerState) Name() string { return o.handle.name }

// Receive handles one message: it takes a step of the machine, carries out the
// effects, and answers.
func (o *ownerState) Receive(message any) {
	switch m := message.(type) {
	case *attemptCell:
		e := o.bench.Draft().failed(m.Question, o.bench.Random())
		o.commit(e, m.Question.At)
		owner.Answer(&o.bench, m, e.verdict)
	case *configureCell:
		e := o.bench.Draft().configure(m.Question.at, m.Question.cfg)
		o.commit(e, m.Question.at)
		owner.Answer(&o.bench, m, struct{}{})
	case *statsCell:
		owner.Answer(&o.bench, m, o.bench.Machine.stats)
	}
}

// commit ends a step and carries out its effects. It is called before the answer,
// so that a caller that has an answer also sees the new settings.
func (o *ownerState) commit(e effects, now time.Time) {
	o.bench.End(true)
	if e.publish {
		o.handle.publish(o.bench.Machine.cfg, o.bench.Machine.settings, now)
	}
}
