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

	"github.com/understudy-go/understudy/api"
)

// steps is how many steps each machine is driven: -steps=1000000 for a night.
var steps = flag.Int("steps", 10_000, "steps of each random machine")

// inBubble hides the test's deadline, which a bubble's clock cannot know.
type inBubble struct{ testing.TB }

// stepsAtOnce is how long one story is.
const stepsAtOnce = 100

// TestABreakerGivesTheAnswersOfTheSequentialOne drives a breaker of random
// settings with random calls, results, orders, settings and waits, one at a time
// and in virtual time, and compares each answer with the sequential breaker's.
func TestABreakerGivesTheAnswersOfTheSequentialOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, stories := start(t), 0
		rapid.Check(inBubble{t}, func(rt *rapid.T) {
			for range max(1, *steps/stepsAtOnce/100) {
				stories++
				luck := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "luck"), 2))
				story(rt, t, s, luck, fmt.Sprint("story ", stories))
			}
		})
		t.Logf("%d stories of %d steps", stories, stepsAtOnce)
	})
}

// story drives one breaker and follows it with the model step by step.
func story(rt *rapid.T, t *testing.T, s *api.System, luck *rand.Rand, name string) {
	h := &history{name: name, timed: true, start: time.Now(), logs: make([][]*operation, 1)}
	h.draw(luck, plot{timed: true, bubble: true})
	b, err := s.Breaker(name, h.settings[0])
	require.NoError(t, err)
	c := &client{history: h, b: b, luck: luck, mix: drawMix(luck, 2), bubble: true}
	c.mix.stats += 10
	possible, seen := []circuit{{}}, 0
	for range stepsAtOnce {
		switch what := rapid.IntRange(0, 9).Draw(rt, "what"); what {
		case 0, 1:
			time.Sleep(time.Duration(what*60+luck.IntN(9)) * time.Millisecond)
			synctest.Wait()
		default:
			c.one()
		}
		for _, op := range h.logs[0][seen:] {
			var next []circuit
			for _, p := range possible {
				next = append(next, h.step(p, op)...)
			}
			if possible = distinct(next); len(possible) == 0 {
				h.tell(t.Logf)
				rt.Fatalf("the sequential breaker disagrees with: %v", op)
			}
		}
		seen = len(h.logs[0])
	}
	for _, p := range c.holding {
		p.permit.Cancel()
	}
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
