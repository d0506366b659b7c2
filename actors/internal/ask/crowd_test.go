package ask

import (
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

func TestManyAskersThatWaitAreACrowd(t *testing.T) {
	for _, row := range []struct {
		askers int
		want   bool
	}{{many, false}, {many + 1, true}} {
		synctest.Test(t, func(t *testing.T) {
			var pool Pool[int, string]
			var askers sync.WaitGroup
			cells := make(chan *cell, row.askers)
			slow := newOwner(func(c *cell) { cells <- c })
			for range row.askers {
				askers.Go(func() { // ends when it is answered
					if answer, err := pool.Ask(never, slow, 7); answer != "late" || err != nil {
						t.Errorf("got %q, %v", answer, err)
					}
				})
			}
			synctest.Wait()
			require.EqualValues(t, row.askers, pool.crowd.waiting.Load())
			require.Equal(t, row.want, pool.crowd.isThere())
			for range row.askers {
				(<-cells).Answer("late")
			}
			askers.Wait()
			require.Zero(t, pool.crowd.waiting.Load())
			for range assumed {
				pool.crowd.isThere()
			}
			require.False(t, pool.crowd.isThere(), "it is forgotten")
		})
	}
}

func TestAnAskerInACrowdIsAnsweredAsEver(t *testing.T) {
	var pool Pool[int, string]
	pool.crowd.left.Store(10)
	fast := newOwner(func(c *cell) { go c.Answer("soon") }) // ends with the answer
	for range 20 {
		answer, err := pool.Ask(never, fast, 7)
		require.NoError(t, err)
		require.Equal(t, "soon", answer)
	}
}
