package main

import (
	"math"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestQuantile(t *testing.T) {
	for _, row := range []struct {
		values []float64
		q      float64
		want   float64
	}{
		{nil, 0.5, 0},
		{[]float64{7}, 0.5, 7},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 3, 2}, 0.5, 3},
		{[]float64{5, 4, 3, 2, 1}, 0, 1},
		{[]float64{5, 4, 3, 2, 1}, 0.25, 2},
		{[]float64{5, 4, 3, 2, 1}, 0.75, 4},
		{[]float64{5, 4, 3, 2, 1}, 1, 5},
	} {
		require.Equal(t, row.want, Quantile(row.values, row.q), "%v at %v", row.values, row.q)
	}
}

func TestMedianLeavesItsInputAlone(t *testing.T) {
	values := []int{3, 1, 2}
	require.Equal(t, 2, Median(values))
	require.Equal(t, []int{3, 1, 2}, values)
}

func TestSpreadIsHalfTheQuartilesDistance(t *testing.T) {
	require.Zero(t, spread([]float64{1, 1, 1}, []float64{2, 2, 2}))
	// ratios 1, 2, 3, 4, 5: quartiles 2 and 4 around 3
	require.InDelta(t, 1.0/3, spread([]float64{1, 2, 3, 4, 5}, []float64{1, 1, 1, 1, 1}), 1e-9)
}

func TestOnAllCoresDoesEveryOperationOnce(t *testing.T) {
	var done atomic.Int64
	work := OnAllCores(func(n int) { done.Add(int64(n)) })
	for _, n := range []int{0, 1, 2, 3, 1000, 1001} {
		done.Store(0)
		work(n)
		require.EqualValues(t, n, done.Load())
	}
}

func TestMeasureKeepsTheOrderOfItsWorks(t *testing.T) {
	for _, rounds := range []int{1, 2, 3, 4} {
		var first, second int
		s := Clock{Rounds: rounds, Slice: time.Microsecond}.measure(
			func(n int) { first += n },
			func(n int) { second += n; boxed = make([]byte, 64<<10) })
		require.Len(t, s[0].ns, rounds)
		require.Less(t, s[0].figures().Bytes*float64(s[0].n), 64.0*1024)
		require.GreaterOrEqual(t, s[1].figures().Bytes*float64(s[1].n), 64.0*1024)
		require.Positive(t, first)
		require.Positive(t, second)
	}
}

// boxed keeps an allocation on the heap.
var boxed []byte

func TestFigure(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0004: "0", 0.001: "0.001", 0.0974: "0.097", 0.1: "0.10", 9.994: "9.99",
		10: "10.0", 99.94: "99.9", 100: "100", 1234.5: "1234", math.Inf(1): "+Inf",
	} {
		require.Equal(t, want, figure(v))
	}
}
