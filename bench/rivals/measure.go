package main

import (
	"cmp"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Work does something n times. Several goroutines may call it at once.
type Work func(n int)

// Contender is a work with a name.
type Contender struct {
	Name string
	New  func(*Bed) Work // returns the work, ready to be timed
}

// Figures are the costs of an operation of one contender: the medians of its
// rounds.
type Figures struct {
	Ns, Allocs, Bytes float64
}

// Clock is how long to measure.
type Clock struct {
	Rounds int
	Slice  time.Duration // how long one contender runs in one round
}

// sample is one contender during a comparison.
type sample struct {
	work              Work
	n                 int // operations in a slice
	ns, allocs, bytes []float64
}

// calibrate returns how many operations fill a slice. It also warms the work up.
func calibrate(work Work, slice time.Duration) int {
	for n := 1; ; n *= 2 {
		began := time.Now()
		work(n)
		took := time.Since(began)
		if took >= slice/4 || n > 1<<40 {
			return max(1, int(float64(n)*float64(slice)/float64(max(took, 1))))
		}
	}
}

// run times one slice.
func (s *sample) run() {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	began := time.Now()
	s.work(s.n)
	took := time.Since(began)
	runtime.ReadMemStats(&after)
	n := float64(s.n)
	s.ns = append(s.ns, float64(took.Nanoseconds())/n)
	s.allocs = append(s.allocs, float64(after.Mallocs-before.Mallocs)/n)
	s.bytes = append(s.bytes, float64(after.TotalAlloc-before.TotalAlloc)/n)
}

func (s *sample) figures() Figures {
	return Figures{Ns: Median(s.ns), Allocs: Median(s.allocs), Bytes: Median(s.bytes)}
}

// measure times the works in turn, round after round. Every other round is in
// reverse order, so that none is always the first. It returns a sample for each
// work.
func (c Clock) measure(works ...Work) []*sample {
	samples := make([]*sample, len(works))
	for i, w := range works {
		samples[i] = &sample{work: w, n: calibrate(w, c.Slice)}
	}
	for range c.Rounds {
		for _, s := range samples {
			s.run()
		}
		slices.Reverse(samples)
	}
	if c.Rounds%2 == 1 {
		slices.Reverse(samples)
	}
	return samples
}

// OnAllCores returns a work that runs in as many goroutines as there are cores. The
// cost of an operation is then the wall time divided by the operations of all.
func OnAllCores(work Work) Work {
	return func(n int) {
		var wg sync.WaitGroup
		p := runtime.GOMAXPROCS(0)
		for i := range p {
			wg.Go(func() { work((n + i) / p) })
		}
		wg.Wait()
	}
}

// Median returns the median of values, or 0 if there are none.
func Median[T cmp.Ordered](values []T) T { return Quantile(values, 0.5) }

// Quantile returns the value below which a share q of values lies, or 0 if there
// are none.
func Quantile[T cmp.Ordered](values []T, q float64) T {
	var zero T
	if len(values) == 0 {
		return zero
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[int(q*float64(len(sorted)-1)+0.5)]
}

// spread returns the uncertainty of the ratio of a to b: half the distance between
// the quartiles of the ratios per round, as a share of their median.
func spread(a, b []float64) float64 {
	ratios := make([]float64, len(a))
	for i := range a {
		ratios[i] = a[i] / b[i]
	}
	return (Quantile(ratios, 0.75) - Quantile(ratios, 0.25)) / 2 / Median(ratios)
}
