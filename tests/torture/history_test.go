package torture

import (
	"fmt"
	"hash/maphash"
	"strings"
	"sync/atomic"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/understudy-go/understudy/api"
)

// maxCalls is how many calls one history may hold: one bit each.
const maxCalls = 64

// kind is what a caller did.
type kind uint8

const (
	opAdmit  kind = iota // the first half of a call: from its begin until fn runs, or the refusal
	opResult             // the second half: from fn's end until the call returns
	opState
	opRemaining // TimeUntilReset
	opStats
	opReset
	opForceOpen
	opDisable
	opConfigure
	opShutdown
)

var kinds = [...]string{"admit", "result", "State", "TimeUntilReset", "Stats", "Reset", "ForceOpen", "Disable", "Configure", "Shutdown"}

// operation is one thing a caller did, and what came back.
type operation struct {
	kind     kind
	client   int
	call     int // admit and result: which call
	outcome  api.Outcome
	slow     bool
	settings int // configure

	refused   *api.CircuitOpenError
	state     api.State
	left      time.Duration
	stats     api.BreakerStats
	shutdown  bool // it came back with ErrShutdown
	crashed   bool // the owner crashed on it
	cancelled bool // its ctx ended first: it may be done later, or never

	called, returned int64         // on the history's own clock, which gives every moment a number
	began, ended     time.Duration // in time, if the history is timed
}

// asks reports whether the owner may be asked, and so looks at the clock.
func (o *operation) asks() bool { return o.kind != opState && o.kind != opRemaining }

func (o *operation) String() string {
	s := fmt.Sprintf("%d-%d [%v %v] client %d: %s", o.called, o.returned, o.began, o.ended, o.client, kinds[o.kind])
	switch o.kind {
	case opAdmit:
		s += fmt.Sprintf(" call %d", o.call)
		if o.refused != nil {
			s += fmt.Sprintf(" refused %v forced=%v", o.refused.State, o.refused.Forced)
		}
	case opResult:
		s += fmt.Sprintf(" call %d %v slow=%v", o.call, o.outcome, o.slow)
	case opState:
		s += " = " + o.state.String()
	case opRemaining:
		s += fmt.Sprintf(" = %v", o.left)
	case opStats:
		s += fmt.Sprintf(" = %+v", o.stats)
	case opConfigure:
		s += fmt.Sprint(" ", o.settings)
	}
	if o.shutdown {
		s += " ErrShutdown"
	}
	if o.crashed {
		s += " ErrCrashed"
	}
	if o.cancelled {
		s += " cancelled"
	}
	return s
}

// history is what many callers did with one breaker, all at once.
type history struct {
	name     string
	settings []api.BreakerConfig // the first, and those that Configure sets; defaults filled in
	sizes    []int               // of their count windows
	spans    []time.Duration     // of their time windows; 0: it is a count window
	timed    bool                // time alone changes the state, so it is recorded
	crashes  bool                // the owner crashes now and then

	start  time.Time
	over   time.Duration // when the last answer may have come
	clock  atomic.Int64
	calls  atomic.Int64
	admits [maxCalls]atomic.Pointer[operation]
	logs   [][]*operation // one list a client
}

func (h *history) now() time.Duration {
	if !h.timed {
		return 0
	}
	return time.Since(h.start)
}

func (h *history) admission(id int) *operation { return h.admits[id].Load() }

// begin notes that client is about to do something.
func (h *history) begin(client int, k kind) *operation {
	op := &operation{kind: k, client: client, began: h.now()}
	h.logs[client] = append(h.logs[client], op)
	op.called = h.clock.Add(1)
	return op
}

// end notes that it came back.
func (h *history) end(op *operation) {
	op.returned = h.clock.Add(1)
	op.ended = h.now()
}

// model is the sequential breaker as porcupine wants it.
func (h *history) model() porcupine.Model {
	luck := maphash.MakeSeed()
	m := porcupine.NondeterministicModel{
		Hash: func(state any) uint64 { return maphash.Comparable(luck, state.(circuit)) },
		Init: func() []any { return []any{circuit{}} },
		Step: func(state, input, _ any) []any {
			var next []any
			for _, s := range h.step(state.(circuit), input.(*operation)) {
				next = append(next, s)
			}
			return next
		},
	}
	return m.ToModel()
}

// check reports whether there is an order of all that was recorded in which a
// sequential breaker would have given the same answers. The search may be too
// long: then it is Unknown.
func (h *history) check() porcupine.CheckResult {
	var ops []porcupine.Operation
	for _, log := range h.logs {
		for _, op := range log {
			if op.cancelled {
				op.returned, op.ended = h.clock.Load(), max(op.ended, h.over)
			}
			ops = append(ops, porcupine.Operation{ClientId: op.client, Input: op, Call: op.called, Return: op.returned})
		}
	}
	return porcupine.CheckOperationsTimeout(h.model(), ops, 100*time.Millisecond)
}

// String writes the history out.
func (h *history) String() string {
	var text strings.Builder
	for i, c := range h.settings {
		fmt.Fprintf(&text, "settings %d: %+v\n", i, c)
	}
	for _, log := range h.logs {
		for _, op := range log {
			fmt.Fprintln(&text, op)
		}
	}
	return text.String()
}
