package torture

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// days is the virtual time of each simulated system.
var days = flag.Float64("days", 0.15, "days of virtual time of each simulated system")

// Each system is simulated from a seed. It has a hundred breakers, some with
// probes, a hundred retries with budgets, fifty checks and hundreds of callers.
// Dependencies hang, flap, slow down and panic; there are storms, operators, bad
// subscribers, and a shutdown at a random moment. Every count is compared with
// what callers saw, many times a day and at the end. The bubble does not end
// before every caller has returned and every goroutine has ended.
//
// Promise (Torture): Whole systems run for days of virtual time under faults. Every count equals that of the callers.
func TestWholeSystemsKeepTheirPromisesUnderFaults(t *testing.T) {
	calls, events, audits, crashes := uint64(0), 0, 0, 0
	for n := range 3 * *more {
		from := *seed + uint64(n)
		var w *world
		if !t.Run(fmt.Sprint("seed ", from), func(t *testing.T) {
			w = simulate(t, from, *days, from%3 == 0)
		}) {
			t.Fatalf("replay it with: go test ./tests/torture -run WholeSystems -days %v -seed %d", *days, from)
		}
		if w == nil { // filtered out
			continue
		}
		calls, events, audits, crashes = calls+w.calls.Load(), events+w.heard, audits+w.audits, crashes+died()
	}
	t.Logf("%d systems, %v days each, %d calls, %d events, %d crashes, %d audits", 3**more, *days, calls, events, crashes, audits)
}

// A seed decides all that happens to breakers and checks, their probes and every
// run included, to the nanosecond and whatever the scheduler does.
//
// Promise (Torture): A simulation replays from its seed, with its probes, runs of checks and restarts.
func TestASeedReplaysExactly(t *testing.T) {
	for from := range uint64(4) {
		first, again := simulate(t, from, 0.05, from == 2), simulate(t, from, 0.05, from == 2)
		require.Equal(t, first.calls.Load(), again.calls.Load())
		for n := range min(len(first.trace), len(again.trace)) { // the whole would be too long to read
			require.Equal(t, first.trace[n], again.trace[n], "seed %d: entry %d", from, n)
		}
		require.Equal(t, len(first.trace), len(again.trace))
	}
}

// The size of a world.
const (
	breakersThere = 100
	checksThere   = 50
	callersThere  = 300
)

// world is one simulated system, its users, and what they saw.
type world struct {
	seed     uint64
	random   *rand.Rand
	probes   bool // some breakers have them
	length   time.Duration
	begun    time.Time
	s        *api.System
	breakers []*api.Breaker
	retries  []*api.Retry
	seen     [breakersThere]observation
	storm    atomic.Int32 // 1 + the number of the first breaker that it hits; 0: there is none
	closing  atomic.Bool  // the system is about to be shut down
	calls    atomic.Uint64
	audits   int

	mu     sync.Mutex
	states map[string]api.State
	checks map[string]api.Status
	heard  int      // events, by one who is fast
	trace  []trace  // all that happened to breakers and checks
	broken []string // promises
	slow   received
	bad    received
}

// trace is one thing that happened.
type trace struct {
	at        time.Duration
	who, what string
}

// note takes down what happened to a breaker or a check.
func (w *world) note(at time.Time, who string, what ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trace = append(w.trace, trace{at.Sub(w.begun), who, fmt.Sprint(what...)})
}

// observation is what can be seen of one breaker from outside.
type observation struct {
	trouble  atomic.Int32  // what is wrong with its dependency
	admitted atomic.Uint64 // calls whose fn began
	running  atomic.Int64  // those of admitted that have not ended
	refused  atomic.Uint64
	retried  atomic.Uint64 // calls that came through its retry
	trials   atomic.Int64  // how many it may have at once, by the highest setting so far
	overdue  uint64        // trials that did not report in time
	opened   uint64
}

// received counts the events of a subscriber.
type received struct{ heard, lost int }

const (
	well int32 = iota
	failing
	slow
	flapping
	hanging
	panicking
)

func simulate(t *testing.T, from uint64, days float64, shut bool) *world {
	w := &world{
		seed: from, random: rand.New(rand.NewPCG(from, 3)), probes: from%2 == 1, length: time.Duration(days * float64(24*time.Hour)),
		states: map[string]api.State{}, checks: map[string]api.Status{},
	}
	forget()
	synctest.Test(t, func(t *testing.T) { w.live(t, shut) })
	slices.SortFunc(w.trace, func(a, b trace) int { // what happens at one moment is noted in any order
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.who, b.who), cmp.Compare(a.what, b.what))
	})
	return w
}

func (w *world) live(t *testing.T, shut bool) {
	var err error
	w.s, err = api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler), ChecksAtOnce: 20, Seed: w.seed + 1})
	require.NoError(t, err)
	w.begun = time.Now()
	w.subscribe()
	w.furnish(t)
	var callers, others sync.WaitGroup
	over, stop := context.WithCancel(context.Background())
	for range callersThere {
		random := w.fork()
		callers.Go(func() { w.caller(random) })
	}
	for _, task := range []func(context.Context, *rand.Rand){w.faults, w.storms, w.operator, w.auditor} {
		random := w.fork()
		others.Go(func() { task(over, random) })
	}
	if shut {
		time.Sleep(time.Duration(w.random.Int64N(int64(w.length))))
		w.closing.Store(true)
		require.NoError(t, w.s.Shutdown(context.Background()))
	}
	callers.Wait()
	stop()
	others.Wait()
	for i := range w.seen {
		w.seen[i].trouble.Store(well)
	}
	antidote()
	time.Sleep(2 * time.Hour) // calls that hang return, overdue trials fail, open circuits half-open
	synctest.Wait()
	w.judge(t, shut)
}

// fork returns a new source of random numbers, for another goroutine.
func (w *world) fork() *rand.Rand { return rand.New(rand.NewPCG(w.random.Uint64(), 4)) }

// furnish makes breakers, retries and checks.
func (w *world) furnish(t *testing.T) {
	span := func(random *rand.Rand, limit time.Duration) time.Duration {
		return 1 + time.Duration(random.Int64N(int64(limit)))
	}
	for i := range checksThere {
		cfg := api.CheckConfig{
			Timeout: span(w.random, 20*time.Second), Interval: 30*time.Second + span(w.random, 10*time.Minute), Optional: w.random.IntN(2) == 0,
			UnhealthyAfter: 1 + w.random.IntN(3), HealthyAfter: 1 + w.random.IntN(3),
		}
		if i > 10 && w.random.IntN(3) == 0 {
			cfg.DependsOn = []string{checkName(w.random.IntN(10))}
		}
		require.NoError(t, w.s.Health().Register(checkName(i), cfg, w.check(i)))
	}
	for i := range w.seen {
		cfg := api.BreakerConfig{
			FailureThreshold: 1 + w.random.IntN(5), ResetTimeout: span(w.random, time.Minute), ResetBackoff: 1 + w.random.Float64(),
			HalfOpenMaxCalls: 1 + w.random.IntN(3), TrialTimeout: span(w.random, 20*time.Second), FailureRate: w.random.Float64(),
			Window: []api.Window{api.CountWindow(30), api.TimeWindow(time.Minute)}[w.random.IntN(2)],
		}
		w.seen[i].trials.Store(int64(cfg.HalfOpenMaxCalls))
		if w.probes && i < 20 {
			cfg.Probe = checkName(i)
		}
		b, err := w.s.Breaker(dependencyName(i), cfg)
		require.NoError(t, err)
		r, err := w.s.Retry(fmt.Sprint("retry ", i), api.RetryConfig{Budget: &api.RetryBudget{Ratio: w.random.Float64()}})
		require.NoError(t, err)
		w.breakers, w.retries = append(w.breakers, b), append(w.retries, r)
	}
}

func dependencyName(i int) string { return fmt.Sprint("dependency ", i) }

func checkName(i int) string { return fmt.Sprint("check ", i) }
