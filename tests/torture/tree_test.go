package torture

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// A tree is a list of layers around a function: policies, functions of the user, and
// calls of Do within the function. Each tree is called once, in virtual time, by a
// caller that may leave. The answer, its moment, the counts of each breaker and what
// is passed to Late are compared with a model.
//
// Promise (Torture): A call under any tree of policies ends when and as a simple model says, for its caller, its breakers and Late alike.
func TestTreesOfPoliciesAgreeWithAModel(t *testing.T) {
	kinds, unclear := map[string]int{}, 0
	const atOnce = 100
	for batch := range 30 * *more {
		var wrong string
		synctest.Test(t, func(t *testing.T) {
			s := start(t)
			for n := range atOnce {
				from := *seed + uint64(batch*atOnce+n)
				tr := drawTree(rand.New(rand.NewPCG(from, 9)))
				m := &treeModel{runs: tr.runs}
				want := m.eval(tr.layers, 0, around{deadline: tr.deadline, cancel: tr.cancel})
				if m.unclear {
					unclear++
					continue
				}
				kinds[strings.Fields(want.kind)[0]]++
				if got := tr.play(t, s, fmt.Sprint(from), want); got != "" || !tr.agrees(m, want) {
					wrong = fmt.Sprintf("%v\n%s\nwant %+v, counts %v, late %v, %d runs\nreplay it with: go test ./tests/torture -run TreesOfPolicies -seed %d",
						tr, got, want, m.total(want), m.late, m.begun, from)
					return
				}
			}
		})
		if wrong != "" {
			t.Fatal(wrong)
		}
	}
	t.Logf("%v, %d unclear", kinds, unclear)
}

// play calls the tree and returns what is wrong with the answer, or "".
func (tr *tree) play(t *testing.T, s *api.System, name string, want end) (wrong string) {
	var breakers [treeBreakers]*api.Breaker
	for i := range breakers {
		b, err := s.Breaker(fmt.Sprint(name, " ", i), api.BreakerConfig{FailureThreshold: api.Off})
		require.NoError(t, err)
		breakers[i] = b
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	began := time.Now()
	if tr.deadline != never {
		ctx, cancel = context.WithDeadline(ctx, began.Add(tr.deadline))
		defer cancel()
	}
	if tr.cancel != never {
		defer time.AfterFunc(tr.cancel, cancel).Stop()
	}
	got := call(ctx, tr.build(t, s, name, breakers[:], tr.layers))
	got.at = time.Since(began)
	tr.counts[0] = count(t, breakers[:])
	if want.kind != isOk {
		want.value, got.value = 0, 0 // the value beside an error
	}
	if got.at != want.at || got.kind != want.kind || got.value != want.value {
		wrong = fmt.Sprintf("got  %+v", got)
	}
	wrong += tr.release(began, want)
	time.Sleep(time.Hour) // for what was left behind
	tr.counts[1] = count(t, breakers[:])
	if left := s.Totals().LeftBehind; left != 0 {
		wrong += fmt.Sprintf("%d goroutines are still left behind", left)
	}
	return wrong
}

func count(t *testing.T, breakers []*api.Breaker) (all [treeBreakers]counts) {
	for i, b := range breakers {
		st, err := b.Stats()
		require.NoError(t, err)
		all[i] = counts{st.Successes, st.Failures, st.Ignored}
	}
	return all
}

// call calls fn, which may panic.
func call(ctx context.Context, fn api.Func[int]) (e end) {
	defer func() {
		if r := recover(); r != nil {
			e.kind = isPanic
		}
	}()
	v, err := fn(ctx)
	return end{kind: kindOf(err), value: v}
}

// release releases what the call holds, and returns what is wrong with its ctx, or "".
func (tr *tree) release(began time.Time, want end) (wrong string) {
	tr.mu.Lock()
	held := slices.Clone(tr.held)
	tr.mu.Unlock()
	for _, h := range held {
		isWinner := want.kind == isOk && h.value == want.value && want.lives > 0
		if isWinner && (h.ctx.Err() == nil) != (time.Since(began) < want.lives) {
			wrong = fmt.Sprintf("after the call, the ctx that run %d holds has the error %v", h.value, h.ctx.Err())
		}
		if isWinner {
			time.Sleep(tr.runs[h.value-1].holds)
			if (h.ctx.Err() == nil) != (time.Since(began) < want.lives) {
				wrong = fmt.Sprintf("before its release, the ctx that run %d holds has the error %v", h.value, h.ctx.Err())
			}
		}
		h.release()
		if isWinner && h.ctx.Err() == nil {
			wrong = fmt.Sprintf("after its release, the ctx that run %d held has not ended", h.value)
		}
	}
	return wrong
}
