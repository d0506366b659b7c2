package main

import (
	"math"
	"slices"
	"time"
)

// limit is how much a measure may grow before it is a leak: the larger of so
// much and such a share of where it began.
type limit struct {
	much  float64
	share float64
}

// verdict is what became of one measure, from the end of the warm-up to the end.
type verdict struct {
	first, last float64 // medians of the first and the last third
	middle      float64 // median of all
	growth      float64 // of the robust line through all points, over the time judged
	allowed     float64
	trend       float64 // Mann and Kendall's z: how surely it rises
	leak        bool
	judged      bool // there was enough to judge
}

const (
	fewest = 12  // points that a verdict needs
	surely = 2.5 // a trend beyond this is no chance, in 99 of 100 series of noise
)

// judge looks for growth that is both large, beyond the limit, and steady, far
// beyond chance. The line is that of Theil and Sen, the median of the slopes
// between all pairs of points, which a few wild points cannot bend; so a spike,
// a step down or a saw is no leak, and a slow steady climb is.
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

// begin is where the robust line begins: it passes through the median at half
// of the time.
func (v verdict) begin() float64 { return v.middle - v.growth/2 }

// thin replaces points by the medians of runs of them, until there are at most
// so many.
func thin(at []time.Duration, values []float64, most int) ([]time.Duration, []float64) {
	if len(values) <= most {
		return at, values
	}
	size := (len(values) + most - 1) / most
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
