package main

import (
	"math"
	"slices"
	"time"
)

// limit is how much a measure may grow before it is a leak: by an amount, or by a
// share of its first value, whichever is larger.
type limit struct {
	much  float64
	share float64
}

// verdict is the judgement of one measure, without the warm-up.
type verdict struct {
	first, last float64 // medians of the first and the last third
	middle      float64 // median of all
	growth      float64 // of the robust line through all points, over the time judged
	allowed     float64
	trend       float64 // z of the Mann-Kendall test: how certain it is that the measure rises
	leak        bool
	judged      bool // there was enough to judge
}

const (
	fewest = 12  // points that a verdict needs
	surely = 2.5 // 99 of 100 series of noise have a smaller trend
)

// judge finds growth that is larger than the limit and too steady to be noise. The
// growth is that of the Theil-Sen line, whose slope is the median of the slopes
// between all pairs of points, so that outliers do not matter. A spike, a step down
// or a sawtooth is no leak; a slow steady rise is.
func judge(at []time.Duration, values []float64, l limit) verdict {
	if len(values) < fewest || values[0] < 0 {
		return verdict{}
	}
	at, values = thin(at, values, 400)
	third := len(values) / 3
	v := verdict{first: median(values[:third]), last: median(values[len(values)-third:]), middle: median(values), judged: true}
	v.allowed = max(l.much, l.share*v.first)
	var slopes []float64
	rises := 0
	for i := range values {
		for j := i + 1; j < len(values); j++ {
			slopes = append(slopes, (values[j]-values[i])/float64(at[j]-at[i]))
			switch {
			case values[j] > values[i]:
				rises++
			case values[j] < values[i]:
				rises--
			}
		}
	}
	n := float64(len(values))
	v.growth = median(slopes) * float64(at[len(at)-1]-at[0])
	v.trend = float64(rises) / math.Sqrt(n*(n-1)*(2*n+5)/18)
	v.leak = v.growth > v.allowed && v.trend > surely
	return v
}

// begin returns the first value of the Theil-Sen line, which passes through the
// median at half of the time.
func (v verdict) begin() float64 { return v.middle - v.growth/2 }

// thin returns at most limit points: the medians of groups of neighbours.
func thin(at []time.Duration, values []float64, limit int) ([]time.Duration, []float64) {
	if len(values) <= limit {
		return at, values
	}
	size := (len(values) + limit - 1) / limit
	var fewerAt []time.Duration
	var fewer []float64
	for i := 0; i+size <= len(values); i += size {
		fewerAt = append(fewerAt, at[i+size/2])
		fewer = append(fewer, median(values[i:i+size]))
	}
	return fewerAt, fewer
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
