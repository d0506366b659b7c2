package torture

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// A history has a breaker, some settings and 2 to 16 clients that use the breaker
// at the same time. Afterwards porcupine searches for an order of their operations
// in which the sequential breaker of spec_test.go gives the same answers.

// Promise (Torture): Leases are linearizable: any history of 2 to 16 callers has an order in which a sequential breaker gives the same answers.
func TestManyCallersSeeOneSequentialBreaker(t *testing.T) {
	s := start(t)
	replay(t, 2500, func(t *testing.T, random *rand.Rand, name string) *history {
		return play(t, s, random, name, plot{})
	})
}

// Promise (Torture): Leases are linearizable: any history of 2 to 16 callers has an order in which a sequential breaker gives the same answers.
func TestManyCallersSeeOneSequentialBreakerWhileTimeMovesIt(t *testing.T) {
	s := start(t)
	replay(t, 800, func(t *testing.T, random *rand.Rand, name string) *history {
		return play(t, s, random, name, plot{timed: true})
	})
}

// Promise (Torture): Leases are linearizable: any history of 2 to 16 callers has an order in which a sequential breaker gives the same answers.
func TestManyCallersSeeOneSequentialBreakerInVirtualTime(t *testing.T) {
	var judged verdicts
	for batch := range 8 * *more {
		var made []*history
		synctest.Test(t, func(t *testing.T) {
			s := start(t)
			for n := range 100 {
				random, name := draw(100*batch + n)
				made = append(made, play(t, s, random, name, plot{timed: true, bubble: true}))
			}
		})
		for _, h := range made {
			judged.judge(t, h)
		}
	}
	judged.end(t)
}

// Promise (Torture): Leases are linearizable: any history of 2 to 16 callers has an order in which a sequential breaker gives the same answers.
func TestManyCallersSeeOneSequentialBreakerUntilShutdown(t *testing.T) {
	replay(t, 60, func(t *testing.T, random *rand.Rand, name string) *history {
		return play(t, start(t), random, name, plot{shutdown: true})
	})
}

// replay makes many histories and judges each.
func replay(t *testing.T, histories int, make func(*testing.T, *rand.Rand, string) *history) {
	var judged verdicts
	begin := time.Now()
	for n := range histories * *more {
		if *limit > 0 && time.Since(begin) > *limit {
			break
		}
		random, name := draw(n)
		judged.judge(t, make(t, random, name))
	}
	judged.end(t)
}

// draw returns the source of random numbers and the name of the nth history.
func draw(n int) (*rand.Rand, string) {
	from := *seed + uint64(n)
	return rand.New(rand.NewPCG(from, 0)), fmt.Sprint("history ", from)
}

// verdicts counts what was judged.
type verdicts struct{ histories, operations, cancelled, undecided int }

func (v *verdicts) judge(t *testing.T, h *history) {
	v.histories++
	v.operations += int(h.clock.Load() / 2)
	for _, log := range h.logs {
		for _, op := range log {
			if op.cancelled {
				v.cancelled++
			}
		}
	}
	switch h.linearizable() {
	case porcupine.Unknown:
		v.undecided++
	case porcupine.Illegal:
		t.Fatalf("%v%s: no sequential breaker answers like this", h, h.name)
	}
}

func (v *verdicts) end(t *testing.T) {
	t.Logf("%d histories, %d operations, %d of them cancelled, %d undecided", v.histories, v.operations, v.cancelled, v.undecided)
	require.LessOrEqual(t, v.undecided, v.histories/2, "most histories were too long to judge")
}

// plot is the kind of a history.
type plot struct{ timed, bubble, shutdown bool }

// play makes one history.
func play(t *testing.T, s *api.System, random *rand.Rand, name string, p plot) *history {
	h := &history{name: name, timed: p.timed, crashes: *crashes, start: time.Now()}
	h.draw(random, p)
	b, err := s.Breaker(name, h.settings[0])
	require.NoError(t, err)
	clients := 2 + random.IntN(15)
	each := 2 + random.IntN(max(1, 60/clients-2))
	if h.crashes { // each message may or may not be done, which makes the search longer
		clients, each = 2+random.IntN(3), 2+random.IntN(7)
	}
	h.logs = make([][]*operation, clients+1)
	m := drawMix(random, clients)
	var ready atomic.Int32
	var wg sync.WaitGroup
	for id := range clients {
		c := &client{history: h, id: id, b: b, mix: m, bubble: p.bubble, random: rand.New(rand.NewPCG(random.Uint64(), 1))}
		wg.Go(func() {
			for ready.Add(1); int(ready.Load()) < clients; {
				runtime.Gosched()
			}
			c.act(each)
		})
	}
	last := &client{history: h, id: clients, b: b}
	if p.shutdown {
		for range random.IntN(200) {
			runtime.Gosched()
		}
		op := last.begin(last.id, opShutdown)
		require.NoError(t, s.Shutdown(context.Background()))
		last.end(op)
	}
	wg.Wait()
	h.over = h.now()
	last.stats()
	return h
}

// draw draws the settings.
func (h *history) draw(random *rand.Rand, p plot) {
	first := api.BreakerConfig{
		FailureThreshold: 1 + random.IntN(4),
		ResetTimeout:     time.Hour,
		TrialTimeout:     10 * time.Hour,
		HalfOpenMaxCalls: 1 + random.IntN(3),
		ResetBackoff:     1 + float64(random.IntN(2)),
		MaxResetTimeout:  100 * time.Hour,
	}
	if random.IntN(3) == 0 {
		first.SlowCall = time.Nanosecond
	}
	if p.timed {
		first.ResetTimeout = time.Duration(1+random.IntN(200)) * time.Microsecond
		first.MaxResetTimeout = 3 * first.ResetTimeout
		if random.IntN(3) == 0 {
			first.TrialTimeout = time.Duration(1+random.IntN(200)) * time.Microsecond
		}
	}
	if p.bubble {
		first.ResetTimeout = []time.Duration{time.Millisecond, 3 * time.Millisecond, 49 * time.Millisecond, 52 * time.Millisecond}[random.IntN(4)]
		first.MaxResetTimeout = 3 * first.ResetTimeout
		first.SlowCall *= 2 * 1000 * 1000
		if random.IntN(2) == 0 {
			first.TrialTimeout = time.Duration(1+random.IntN(3)) * time.Millisecond
		}
	}
	for range 3 {
		c, size := first, 2+random.IntN(6)
		c.FailureThreshold = []int{1, 2, 3, 4, api.Off}[random.IntN(5)]
		c.Window, c.MinimumCalls = api.CountWindow(size), 1+random.IntN(size)
		c.HalfOpenMaxCalls = 1 + random.IntN(3)
		outcomes(random, &c)
		if random.IntN(3) == 0 && c.TrialTimeout > time.Hour { // which of the trials is overdue would not be known
			c.HalfOpenFailures = 1 + random.IntN(2)
		}
		if random.IntN(2) == 0 {
			c.FailureRate = float64(1+random.IntN(4)) / 4
		}
		if first.SlowCall > 0 && random.IntN(2) == 0 {
			c.SlowCallRate = float64(1+random.IntN(4)) / 4
		}
		var span time.Duration
		if p.bubble && random.IntN(3) == 0 { // in real time the contents of its buckets are not known
			span = []time.Duration{20 * time.Millisecond, 100 * time.Millisecond}[random.IntN(2)]
			c.Window = api.TimeWindow(span)
		}
		h.settings, h.sizes, h.spans = append(h.settings, c), append(h.sizes, size), append(h.spans, span)
	}
}

// drawMix returns a random mix. If there are many clients, they ask the owner less
// often: the search grows exponentially with the number of open questions.
func drawMix(random *rand.Rand, clients int) mix {
	upTo := func(limit int) int { return random.IntN(1 + limit*2/max(2, clients-3)) }
	return mix{
		fail: upTo(60), ignore: upTo(20), crash: upTo(10),
		acquire: random.IntN(50), timeout: random.IntN(15), leave: max(0, random.IntN(60)-20), quit: max(0, random.IntN(40)-10),
		read: random.IntN(20), stats: upTo(20),
		control: upTo(12), configure: upTo(8),
	}
}

// start starts a system that is shut down when the test ends.
func start(t *testing.T) *api.System { return startFrom(t, 0) }

// startFrom is start for a system that has its jitter from a seed.
func startFrom(t *testing.T, seed uint64) *api.System {
	s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler), Seed: seed})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Shutdown(context.Background())) })
	return s
}
