package bench

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// BenchmarkStorm fails in 10,000 goroutines at once on one breaker. It reports how
// long a goroutine waits until its failure is acknowledged, in ms: the median, and
// the time that 1 % of the calls exceed; both are means over all storms.
func BenchmarkStorm(b *testing.B) {
	const goroutines, each = 10_000, 20
	br := breaker(b, start(b), api.BreakerConfig{FailureThreshold: never})
	p50, p99 := 0.0, 0.0
	for b.Loop() {
		took := storm(goroutines, each, func() {
			_ = br.Run(context.Background(), func(context.Context) error { return errSick })
		})
		slices.Sort(took)
		p50 += took[len(took)/2].Seconds() * 1e3
		p99 += took[len(took)*99/100].Seconds() * 1e3
	}
	b.ReportMetric(p50/float64(b.N), "p50-ms")
	b.ReportMetric(p99/float64(b.N), "p99-ms")
	b.ReportMetric(float64(b.N*goroutines*each)/b.Elapsed().Seconds()/1e6, "Mcalls/s")
	stats, err := br.Stats()
	require.NoError(b, err)
	require.Zero(b, stats.Failures%(goroutines*each), "every failure is counted")
}

// storm starts goroutines at once, each of which makes that many calls, and returns
// how long each call took.
func storm(goroutines, each int, call func()) []time.Duration {
	took := make([]time.Duration, goroutines*each)
	begin := make(chan struct{})
	var running sync.WaitGroup
	for g := range goroutines {
		mine := took[g*each : (g+1)*each]
		running.Go(func() {
			<-begin
			for i := range mine {
				began := time.Now()
				call()
				mine[i] = time.Since(began)
			}
		})
	}
	close(begin)
	running.Wait()
	return took
}
