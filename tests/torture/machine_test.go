package torture

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// steps is how many steps each machine is driven: -steps=1000000 for a night.
var steps = flag.Int("steps", 10_000, "steps of each random machine")

// stepsAtOnce is how long one story is.
const stepsAtOnce = 100

// drive plays stories until there were so many steps, each in a bubble of its
// own. What is drawn for a step is from 0 to 99; all else a story draws from its
// luck. It returns what is wrong; rapid looks for a simpler one then.
func drive(t *testing.T, story func(t *testing.T, luck *rand.Rand, steps []int) (wrong string)) {
	stories := 0
	require.NoError(t, flag.Set("rapid.checks", fmt.Sprint(max(1, *steps/stepsAtOnce))))
	require.NoError(t, flag.Set("rapid.nofailfile", "true")) // the seed is printed
	rapid.Check(t, func(rt *rapid.T) {
		stories++
		luck := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "luck"), 2))
		drawn := rapid.SliceOfN(rapid.IntRange(0, 99), stepsAtOnce, stepsAtOnce).Draw(rt, "steps")
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = story(t, luck, drawn) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
	t.Logf("%d stories of %d steps", stories, stepsAtOnce)
}

// TestABreakerGivesTheAnswersOfTheSequentialOne drives a breaker of random
// settings with random calls, results, orders, settings and waits, one at a time
// and in virtual time, and compares each answer with the sequential breaker's.
//
// Promise (Torture): Breaker, retry budget and health check agree with simple models that recount everything from the start.
func TestABreakerGivesTheAnswersOfTheSequentialOne(t *testing.T) { drive(t, circuitStory) }

// circuitStory drives one breaker and follows it with the model step by step.
func circuitStory(t *testing.T, luck *rand.Rand, drawn []int) string {
	h := &history{name: "story", timed: true, start: time.Now(), logs: make([][]*operation, 1)}
	h.draw(luck, plot{timed: true, bubble: true})
	b, err := start(t).Breaker(h.name, h.settings[0])
	require.NoError(t, err)
	c := &client{history: h, b: b, luck: luck, mix: drawMix(luck, 2), bubble: true}
	c.mix.stats += 10
	possible, seen := []circuit{{}}, 0
	for _, what := range drawn {
		if what < 20 {
			time.Sleep(time.Duration(what/10*60+luck.IntN(9)) * time.Millisecond)
			synctest.Wait()
		} else {
			c.one()
		}
		for _, op := range h.logs[0][seen:] {
			var next []circuit
			for _, p := range possible {
				next = append(next, h.step(p, op)...)
			}
			if possible = distinct(next); len(possible) == 0 {
				return fmt.Sprintf("%vthe sequential breaker disagrees with: %v", h, op)
			}
		}
		seen = len(h.logs[0])
	}
	for _, p := range c.holding {
		p.permit.Cancel()
	}
	return ""
}

func distinct(states []circuit) (out []circuit) {
	known := map[circuit]bool{}
	for _, s := range states {
		if !known[s] {
			known[s] = true
			out = append(out, s)
		}
	}
	return out
}
