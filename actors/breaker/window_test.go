package breaker

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// past is a call in a naive window, which keeps all calls.
type past struct {
	failure, slow bool
	bucket        int // since the first
}

func recount(calls []past) (t counts) {
	for _, c := range calls {
		t.calls++
		if c.failure {
			t.failures++
		}
		if c.slow {
			t.slow++
		}
	}
	return t
}

// A ring holds the last calls, however they came in.
func TestACountWindowAgainstANaiveRecount(t *testing.T) {
	for _, size := range []int{1, 2, 7, 100} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			random := rand.New(rand.NewPCG(1, uint64(size)))
			w, calls := newWindow(CountWindow(size)), []past(nil)
			for step := range 5000 {
				if random.IntN(3) == 0 { // a number of successes, sometimes a large one
					n := random.IntN(4) * (1 + random.IntN(2*size))
					w.successes(n)
					calls = append(calls, make([]past, n)...)
				} else {
					c := past{failure: random.IntN(2) == 0, slow: random.IntN(3) == 0}
					w.add(c.failure, c.slow)
					calls = append(calls, c)
				}
				if random.IntN(500) == 0 {
					w.clear()
					calls = nil
				}
				calls = calls[max(0, len(calls)-size):]
				require.Equal(t, recount(calls), w.sum, "step %d", step)
			}
		})
	}
}

// Ten buckets hold the calls of the last nine to ten tenths of the span.
func TestATimeWindowAgainstANaiveRecount(t *testing.T) {
	for _, span := range []time.Duration{10, 97, time.Second, time.Hour + 7} {
		t.Run(span.String(), func(t *testing.T) {
			random := rand.New(rand.NewPCG(2, uint64(span)))
			w, calls := newWindow(TimeWindow(span)), []past(nil)
			width := span / buckets
			now := noon
			w.slide(now)
			bucket := func() int { return int(now.Sub(noon) / width) }
			for step := range 5000 {
				if random.IntN(3) > 0 {
					now = now.Add(time.Duration(random.Int64N(int64(width))))
				}
				if random.IntN(50) == 0 {
					now = now.Add(time.Duration(random.IntN(25)) * width)
				}
				w.slide(now)
				switch random.IntN(4) {
				case 0:
					n := random.IntN(5)
					w.successes(n)
					for range n {
						calls = append(calls, past{bucket: bucket()})
					}
				case 1, 2:
					c := past{failure: random.IntN(2) == 0, slow: random.IntN(3) == 0, bucket: bucket()}
					w.add(c.failure, c.slow)
					calls = append(calls, c)
				}
				for len(calls) > 0 && calls[0].bucket <= bucket()-buckets {
					calls = calls[1:]
				}
				require.Equal(t, recount(calls), w.sum, "step %d", step)
			}
		})
	}
}

func TestSlideReportsAnEmptyBucket(t *testing.T) {
	w := newWindow(TimeWindow(10 * time.Second))
	for _, row := range []struct {
		now   string
		adds  int
		quiet bool
	}{
		{"0s", 1, false},
		{"900ms", 0, false},
		{"1s", 0, false}, // the first bucket had a call
		{"1.5s", 0, false},
		{"2s", 0, true}, // the second had none
		{"2s", 1, false},
		{"3s", 1, false},
		{"5s", 0, true}, // the fourth had a call, the fifth had none
		{"4s", 0, false},
		{"1h", 0, true},
	} {
		require.Equal(t, row.quiet, w.slide(at(t, row.now)), row.now)
		w.successes(row.adds)
	}
}

func TestATimeWindowSlidesOverAYearAtOnce(t *testing.T) {
	w := newWindow(TimeWindow(10)) // buckets of a nanosecond
	w.slide(noon)
	w.add(true, true)
	require.True(t, w.slide(noon.AddDate(1, 0, 0)))
	require.Equal(t, counts{}, w.sum)
}

func TestACopyOfAWindowIsItsOwn(t *testing.T) {
	for _, of := range []Window{CountWindow(3), TimeWindow(time.Second)} {
		w := newWindow(of)
		w.slide(noon)
		w.add(true, false)
		var none *window
		c := none.copyOf(w)
		require.Equal(t, w, c)
		c.add(true, true)
		c.slide(noon.Add(time.Hour))
		c.clear()
		require.Equal(t, counts{1, 1, 0}, w.sum)
		require.Same(t, c, c.copyOf(w), "the memory is used again")
		require.Equal(t, w, c)
		require.Nil(t, c.copyOf(nil))
	}
}

func TestAWindowOfOneKindMayReuseTheMemoryOfTheOther(t *testing.T) {
	calls, span := newWindow(CountWindow(3)), newWindow(TimeWindow(time.Second))
	var c *window
	for _, o := range []*window{calls, span, calls, span, calls} {
		c = c.copyOf(o)
		c.slide(noon)
		c.successes(2)
		c.add(true, false)
		require.Equal(t, counts{3, 1, 0}, c.held())
	}
}

func TestAWindowThatIsNotKeptCountsNothing(t *testing.T) {
	var w *window
	w.add(true, true)
	w.successes(7)
	w.clear()
	require.Equal(t, counts{}, w.held())
}

func TestAWindowInWords(t *testing.T) {
	for _, row := range []struct {
		w    Window
		text string
	}{
		{CountWindow(50), "50 calls"},
		{CountWindow(1), "1 call"},
		{CountWindow(-1), "-1 calls"},
		{TimeWindow(30 * time.Second), "30s"},
		{TimeWindow(-time.Second), "-1s"},
	} {
		text, err := row.w.MarshalText()
		require.NoError(t, err)
		require.Equal(t, row.text, string(text))
		var w Window
		require.NoError(t, w.UnmarshalText(text))
		require.Equal(t, row.w, w)
	}
	require.Equal(t, "100 calls", Window{}.String())
	for _, bad := range []string{"", "calls", "100", "x calls", "100 Calls", "30 s"} {
		w := CountWindow(7)
		require.Error(t, w.UnmarshalText([]byte(bad)), bad)
		require.Equal(t, CountWindow(7), w)
	}
}
