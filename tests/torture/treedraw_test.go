package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"
)

// layerKind is what a layer does to a call.
type layerKind uint8

const (
	aBreaker layerKind = iota
	aRetry
	aTimeout
	aCooperative
	aSwitch        // of a policy that follows
	aCall          // of Do, in the function of the call around
	aPause         // an Around that sleeps before the call
	anAfterthought // an Around that sleeps after the call
	aShield        // an Around that does not call
	aSpoiler       // an Around that fails
	aShorter       // an Around with a deadline of its own
	anEscape       // an Around that calls with a ctx that never ends
	layerKinds
)

var layerNames = [...]string{"breaker", "retry", "timeout", "cooperative", "switch", "call", "pause", "afterthought", "shield", "spoiler", "shorter", "escape"}

// layer is one layer of a tree.
type layer struct {
	kind         layerKind
	name         string // of a timeout
	breaker      int
	attempts     int
	delay, limit time.Duration
}

func (l layer) String() string {
	return fmt.Sprintf("%s(%s breaker=%d attempts=%d delay=%v limit=%v)", layerNames[l.kind], l.name, l.breaker, l.attempts, l.delay, l.limit)
}

// run is one run of the function.
type run struct {
	takes  time.Duration
	kind   string        // how it ends
	polite bool          // it returns the error of its ctx when that ends
	holds  time.Duration // it holds its ctx for that long after its call; 0: it does not
}

const treeBreakers = 3

// tree is a call.
type tree struct {
	layers           []layer
	runs             []run
	deadline, cancel time.Duration // of the caller's ctx

	mu     sync.Mutex
	ran    int
	late   []lateValue
	counts [2][treeBreakers]counts // when the call had returned, and in the end
	held   []heldRun
}

// heldRun is a run of fn that holds its ctx.
type heldRun struct {
	value   int
	ctx     context.Context
	release func()
}

func (tr *tree) String() string {
	return fmt.Sprintf("layers: %v\nruns: %+v\ndeadline %v, cancel %v, counts %v, late %v, %d runs",
		tr.layers, tr.runs, tr.deadline, tr.cancel, tr.counts, tr.late, tr.ran)
}

// agrees reports whether the counts and the late values are those of the model.
func (tr *tree) agrees(m *treeModel, want end) bool {
	byText := func(a, b lateValue) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) }
	tr.mu.Lock()
	defer tr.mu.Unlock()
	slices.SortFunc(tr.late, byText)
	slices.SortFunc(m.late, byText)
	return tr.counts == m.total(want) && slices.Equal(tr.late, m.late) && tr.ran == m.begun
}

func drawTree(random *rand.Rand) *tree {
	span := func(limit time.Duration) time.Duration { return 1 + time.Duration(random.Int64N(int64(limit))) }
	tr := &tree{deadline: never, cancel: never}
	retries, runs, limits, foreign := 0, 1, []time.Duration{}, false
	for n := range 1 + random.IntN(6) {
		l := layer{
			kind: []layerKind{aBreaker, aTimeout, aRetry, aCooperative, layerKind(random.IntN(int(layerKinds)))}[random.IntN(5)],
			name: fmt.Sprint(n), breaker: random.IntN(treeBreakers), attempts: 1 + random.IntN(3),
			delay: span(100 * time.Millisecond), limit: span(300 * time.Millisecond),
		}
		if l.kind == anEscape && retries > 0 { // attempts would run at the same time
			l.kind = aBreaker
		}
		foreign = foreign || l.kind == anEscape || l.kind == aShorter
		if l.kind == aRetry {
			retries++
			runs *= l.attempts
		}
		if l.kind == aTimeout || l.kind == aCooperative {
			limits = append(limits, l.limit)
		}
		tr.layers = append(tr.layers, l)
	}
	for range runs {
		r := run{takes: span(300 * time.Millisecond), kind: []string{isOk, isOk, isBoom, isBoom, isCanceled}[random.IntN(5)], polite: random.IntN(2) == 0}
		if random.IntN(3) == 0 {
			r.holds = span(300 * time.Millisecond)
		}
		if random.IntN(10) == 0 {
			r.kind, r.polite = isPanic, false
		}
		if !r.polite && r.kind != isPanic && len(limits) > 0 && !foreign && random.IntN(4) == 0 { // no ctx but ours ends exactly then
			r.takes = limits[random.IntN(len(limits))] // it may return at the very limit
		}
		tr.runs = append(tr.runs, r)
	}
	switch random.IntN(3) {
	case 0:
		tr.cancel = span(500 * time.Millisecond)
	case 1:
		tr.deadline = span(500 * time.Millisecond)
	}
	return tr
}
