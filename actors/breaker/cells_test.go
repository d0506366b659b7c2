package breaker

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestATallyCountsBeyondItsSamplingPoints(t *testing.T) {
	l := &Lease{}
	for n := range uint64(3 * sampleEvery) {
		if !l.add() {
			require.True(t, l.addContended())
		}
		if n%1000 == 0 || (n+1)%sampleEvery < 2 {
			count, _ := l.freeze()
			require.Equal(t, n+1, count)
			l.thaw(count)
			count, _ = l.freeze()
			require.Equal(t, n+1, count, "what was thawed")
			l.thaw(count)
		}
	}
}

func TestCellsAreLentByTheOwnerAlone(t *testing.T) {
	l := &Lease{}
	require.True(t, l.add())
	l.cells.Store(newCells())
	require.False(t, l.add())
	require.False(t, l.addContended(), "new cells are sealed")

	count, wasLent := l.freeze()
	require.True(t, wasLent)
	require.EqualValues(t, 1, count)
	l.thaw(count)
	require.False(t, l.add())
	require.True(t, l.addContended())

	count, _ = l.freeze()
	require.EqualValues(t, 2, count, "the tally's and the cells'")
	require.False(t, l.addContended())
	again, wasLent := l.freeze()
	require.False(t, wasLent)
	require.Zero(t, again)
}

func TestThereIsACellForEachProcessor(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for processors, want := range map[int]int{1: 1, 2: 2, 3: 4, 8: 8, 100: 64} {
		runtime.GOMAXPROCS(processors)
		require.Len(t, *newCells(), want)
	}
}

// Every addition that a caller made is counted once, whatever the owner does
// meanwhile and whenever the lease gets cells.
func TestEveryCountIsCountedOnce(t *testing.T) {
	for _, divided := range []bool{false, true} {
		l := &Lease{}
		if divided {
			s := newCells()
			s.thaw()
			l.cells.Store(s)
		}
		var added atomic.Uint64
		var callers sync.WaitGroup
		for range 8 {
			callers.Go(func() {
				for range 20_000 {
					if l.add() || l.addContended() {
						added.Add(1)
					}
				}
			})
		}
		over := make(chan struct{})
		go func() { callers.Wait(); close(over) }() // ends with the callers
		credited, running := uint64(0), true
		for n := 0; running; n++ {
			count, wasLent := l.freeze()
			require.True(t, wasLent)
			runtime.Gosched()
			if n%2 == 0 {
				credited += count
				l.thaw(0)
			} else {
				l.thaw(count)
			}
			select {
			case <-over:
				running = false
			default:
			}
		}
		count, _ := l.freeze()
		require.Equal(t, added.Load(), credited+count)
	}
}
