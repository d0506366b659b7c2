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

// steps is how many steps each machine takes: -steps=1000000 for a night.
var steps = flag.Int("steps", 10_000, "steps of each random machine")

// stepsAtOnce is the number of steps in one story.
const stepsAtOnce = 100

// drive plays stories, each in its own bubble, until they have had that many
// steps. A step is a number from 0 to 99; a story draws everything else from
// random. It returns what is wrong; rapid then searches for a simpler story.
func drive(t *testing.T, story func(t *testing.T, random *rand.Rand, steps []int) (wrong string)) {
	stories := 0
	require.NoError(t, flag.Set("rapid.checks", fmt.Sprint(max(1, *steps/stepsAtOnce))))
	require.NoError(t, flag.Set("rapid.nofailfile", "true")) // the seed is printed
	rapid.Check(t, func(rt *rapid.T) {
		stories++
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "random"), 2))
		drawn := rapid.SliceOfN(rapid.IntRange(0, 99), stepsAtOnce, stepsAtOnce).Draw(rt, "steps")
		var wrong string
		synctest.Test(t, func(t *testing.T) { wrong = story(t, random, drawn) })
		if wrong != "" {
			rt.Fatal(wrong)
		}
	})
	t.Logf("%d stories of %d steps", stories, stepsAtOnce)
}

// A breaker with random settings gets random calls, results, control operations,
// settings and waits, one at a time and in virtual time. Each answer is compared
// with that of the sequential breaker.
//
// Promise (Torture): Breaker, retry budget and health check agree with simple models that recount everything from the start.
func TestABreakerGivesTheAnswersOfTheSequentialOne(t *testing.T) { drive(t, circuitStory) }

// circuitStory drives one breaker and follows it with the model step by step.
func circuitStory(t *testing.T, random *rand.Rand, drawn []int) string {
	h := &history{name: "story", timed: true, start: time.Now(), logs: make([][]*operation, 1)}
	h.draw(random, plot{timed: true, bubble: true})
	b, err := start(t).Breaker(h.name, h.settings[0])
	require.NoError(t, err)
	c := &client{history: h, b: b, random: random, mix: drawMix(random, 2), bubble: true}
	c.mix.stats += 10
	possible, seen := []circuit{{}}, 0
	for _, what := range drawn {
		if what < 20 {
			time.Sleep(time.Duration(what/10*60+random.IntN(9)) * time.Millisecond)
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
