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

// maxCalls is how many calls a history may hold: each is a bit of a word.
const maxCalls = 64

// opKind is what a client did.
type opKind uint8

const (
	opAdmit  opKind = iota // the first half of a call: until fn runs, or the refusal
	opResult               // the second half: from fn's end until the call returns
	opState
	opRemaining // TimeUntilReset
	opStats
	opReset
	opForceOpen
	opDisable
	opConfigure
	opTrip
	opTryNow
	opShutdown
)

var opNames = [...]string{"admit", "result", "State", "TimeUntilReset", "Stats", "Reset", "ForceOpen", "Disable", "Configure", "Trip", "TryNow", "Shutdown"}

// operation is one thing that a client did, and its result.
type operation struct {
	kind     opKind
	client   int
	call     int // admit and result: which call
	ending   ending
	gone     error // result: the error of its ctx by then
	detached bool  // result: of a call under a hard timeout
	slow     bool
	settings int // configure

	refused   *api.CircuitOpenError
	state     api.State
	left      time.Duration
	stats     api.BreakerStats
	shutdown  bool // it returned ErrShutdown
	crashed   bool // the owner crashed on it
	cancelled bool // its ctx ended before its admission: nothing is counted

	called, returned int64         // on the clock of the history, which numbers all calls and returns
	began, ended     time.Duration // times, if the history is timed
}

// asks reports whether the operation may ask the owner, which then reads the
// clock.
func (o *operation) asks() bool { return o.kind != opState && o.kind != opRemaining }

func (o *operation) String() string {
	s := fmt.Sprintf("%d-%d [%v %v] client %d: %s", o.called, o.returned, o.began, o.ended, o.client, opNames[o.kind])
	switch o.kind {
	case opAdmit:
		s += fmt.Sprintf(" call %d", o.call)
		if o.refused != nil {
			s += fmt.Sprintf(" refused %v forced=%v", o.refused.State, o.refused.Forced)
		}
	case opResult:
		s += fmt.Sprintf(" call %d %s slow=%v detached=%v ctx=%v", o.call, endings[o.ending].name, o.slow, o.detached, o.gone)
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

// history is what many clients did with one breaker at the same time.
type history struct {
	name     string
	settings []api.BreakerConfig // the first ones, and those that Configure sets; defaults are filled in
	sizes    []int               // of their count windows
	spans    []time.Duration     // of their time windows; 0: it is a count window
	timed    bool                // times are recorded, because time alone changes the state
	crashes  bool                // the owner crashes at random

	start  time.Time
	over   time.Duration // when the last client had ended
	clock  atomic.Int64
	calls  atomic.Int64
	admits [maxCalls]atomic.Pointer[operation]
	logs   [][]*operation // by client
}

func (h *history) now() time.Duration {
	if !h.timed {
		return 0
	}
	return time.Since(h.start)
}

func (h *history) admission(id int) *operation { return h.admits[id].Load() }

// begin records that a client begins an operation.
func (h *history) begin(client int, k opKind) *operation {
	op := &operation{kind: k, client: client, began: h.now()}
	h.logs[client] = append(h.logs[client], op)
	op.called = h.clock.Add(1)
	return op
}

// end records that an operation has returned.
func (h *history) end(op *operation) {
	op.returned = h.clock.Add(1)
	op.ended = h.now()
}

// model returns the sequential breaker in porcupine's form.
func (h *history) model() porcupine.Model {
	random := maphash.MakeSeed()
	m := porcupine.NondeterministicModel{
		Hash: func(state any) uint64 { return maphash.Comparable(random, state.(circuit)) },
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

// linearizable searches for an order of all operations in which a sequential
// breaker gives the same answers. It returns Unknown if the search takes too
// long.
func (h *history) linearizable() porcupine.CheckResult {
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

// String returns the history, an operation a line.
func (h *history) String() string {
	var text strings.Builder
	for i, c := range h.settings {
		fmt.Fprintf(&text, "settings %d: %+v", i, c)
		if c.Classify != nil {
			fmt.Fprintf(&text, " nil: %v, boom: %v, miss: %v", c.Classify(nil), c.Classify(errBoom), c.Classify(errMiss))
		}
		fmt.Fprintln(&text)
	}
	for _, log := range h.logs {
		for _, op := range log {
			fmt.Fprintln(&text, op)
		}
	}
	return text.String()
}
