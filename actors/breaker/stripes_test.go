package breaker

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATallyCountsBeyondItsRareWords(t *testing.T) {
	v := &view{}
	for n := range uint64(3 * rare) {
		if !v.count() {
			require.True(t, v.recount())
		}
		if n%1000 == 0 || (n+1)%rare < 2 {
			count, _ := v.freeze()
			require.Equal(t, n+1, count)
			v.thaw(count)
			count, _ = v.freeze()
			require.Equal(t, n+1, count, "what was thawed")
			v.thaw(count)
		}
	}
}

func TestStripesAreLentByTheOwnerAlone(t *testing.T) {
	v := &view{}
	require.True(t, v.count())
	v.stripes.Store(newStripes())
	require.False(t, v.count())
	require.False(t, v.recount(), "they begin sealed")

	count, wasLent := v.freeze()
	require.True(t, wasLent)
	require.EqualValues(t, 1, count)
	v.thaw(count)
	require.False(t, v.count())
	require.True(t, v.recount())

	count, _ = v.freeze()
	require.EqualValues(t, 2, count, "the tally's and the stripes'")
	require.False(t, v.recount())
	again, wasLent := v.freeze()
	require.False(t, wasLent)
	require.Zero(t, again)
}

func TestThereIsAStripeForEachProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for processors, want := range map[int]int{1: 1, 2: 2, 3: 4, 8: 8, 100: 64} {
		runtime.GOMAXPROCS(processors)
		require.Len(t, *newStripes(), want)
	}
}

// Whoever was told that it counted has been counted, once, whatever the owner
// does meanwhile and whenever stripes come up.
func TestEveryCountIsCountedOnce(t *testing.T) {
	for _, striped := range []bool{false, true} {
		v := &view{}
		if striped {
			s := newStripes()
			s.thaw()
			v.stripes.Store(s)
		}
		var told atomic.Uint64
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() {
				for range 20_000 {
					if v.count() || v.recount() {
						told.Add(1)
					}
				}
			})
		}
		over := make(chan struct{})
		go func() { callers.Wait(); close(over) }() // ends with the callers
		credited, running := uint64(0), true
		for n := 0; running; n++ {
			count, wasLent := v.freeze()
			require.True(t, wasLent)
			runtime.Gosched()
			if n%2 == 0 {
				credited += count
				v.thaw(0)
			} else {
				v.thaw(count)
			}
			select {
			case <-over:
				running = false
			default:
			}
		}
		count, _ := v.freeze()
		require.Equal(t, told.Load(), credited+count)
	}
}
