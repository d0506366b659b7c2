package main

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/understudy-go/understudy/api"
)

// Storms measures many goroutines that fail at once.
func Storms(b *Bed, goroutines, each int, c Clock) []Finding {
	breaker := b.Breaker(api.BreakerConfig{FailureThreshold: Never})
	h, took := burst(goroutines, each, func() { failOn(breaker)(1) })
	ask := requestFuture(b)
	hf, tookFuture := burst(goroutines, each, func() { ask(1) })
	stats := must(breaker.Stats())
	total := float64(goroutines * each)
	lost := total - float64(stats.Failures)
	found := []Finding{
		{"failures sent, not counted", lost, "", 0.5},
		{"failing calls acknowledged, all goroutines", total / took.Seconds() / 1e6, "M/s", 0},
		{"p50 of the acknowledgement", ms(h, 50), "ms", 0},
		{"p99 of the acknowledgement", ms(h, 99), "ms", 20},
		{"the same with RequestFuture", total / tookFuture.Seconds() / 1e6, "M/s", 0},
		{"its p99", ms(hf, 99), "ms", 0},
	}
	return append(found, beside(b, goroutines/10, c)...)
}

func ms(h *hdrhistogram.Histogram, percentile float64) float64 {
	return float64(h.ValueAtPercentile(percentile)) / 1e6
}

// burst starts goroutines at once, each of which calls do each times. It returns
// the times of the calls, in ns, and the time of all together.
func burst(goroutines, each int, do func()) (*hdrhistogram.Histogram, time.Duration) {
	took := make([]time.Duration, goroutines*each)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for g := range goroutines {
		mine := took[g*each : (g+1)*each]
		wg.Go(func() {
			<-start
			for i := range mine {
				began := time.Now()
				do()
				mine[i] = time.Since(began)
			}
		})
	}
	began := time.Now()
	close(start)
	wg.Wait()
	all := time.Since(began)
	h := hdrhistogram.New(1, time.Minute.Nanoseconds(), 3)
	for _, d := range took {
		_ = h.RecordValue(min(d.Nanoseconds(), time.Minute.Nanoseconds()))
	}
	return h, all
}

// beside measures calls of one breaker alone, during a storm of failures on
// another, and beside as many goroutines that only yield, which keep the cores as
// busy without a breaker. The cost of a call is the median of short batches, which
// the scheduler rarely interrupts.
func beside(b *Bed, goroutines int, c Clock) []Finding {
	stormy := b.Breaker(api.BreakerConfig{FailureThreshold: Never})
	calm := b.Breaker(api.BreakerConfig{FailureThreshold: Never})
	success, failure := runOn(calm, context.Background()), failOn(calm)
	d := c.Slice * time.Duration(max(1, c.Rounds/2))

	quiet := batches(success, 100, d)
	var inStorm, ackInStorm, ackInCrowd float64
	during(goroutines, func() { failOn(stormy)(1) }, func() {
		inStorm = batches(success, 100, d)
		ackInStorm = batches(failure, 1, d)
	})
	during(goroutines, runtime.Gosched, func() { ackInCrowd = batches(failure, 1, d) })
	return []Finding{
		{"a success beside a storm on another breaker, against quiet", inStorm / quiet, "×", 2},
		{"a failure beside a storm on another breaker, p50", ackInStorm / 1e3, "µs", 0},
		{"the same beside goroutines that only yield", ackInCrowd / 1e3, "µs", 0},
	}
}

// during calls fn while that many goroutines call do again and again.
func during(goroutines int, do, fn func()) {
	var wg sync.WaitGroup
	var over atomic.Bool
	for range max(1, goroutines) {
		wg.Go(func() { // ends when fn has returned
			for !over.Load() {
				do()
			}
		})
	}
	fn()
	over.Store(true)
	wg.Wait()
}

// batches runs the work in batches for d, and returns the median cost of an
// operation in ns.
func batches(work Work, size int, d time.Duration) float64 {
	h := hdrhistogram.New(1, time.Minute.Nanoseconds(), 3)
	for end := time.Now().Add(d); ; {
		began := time.Now()
		work(size)
		now := time.Now()
		_ = h.RecordValue(min(now.Sub(began).Nanoseconds(), time.Minute.Nanoseconds()))
		if now.After(end) {
			return float64(h.ValueAtPercentile(50)) / float64(size)
		}
	}
}
