package main

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// slowest is the longest latency that is told apart from longer ones.
const slowest = time.Minute

// Step is what one rate did to one service.
type Step struct {
	Rate          int // requests per second asked for
	Guarded, Sick bool
	Sent          int
	Answered      int     // with 200
	PerSecond     float64 // 200s per second
	Reached       int64   // requests that reached the dependency
	Latency       *hdrhistogram.Histogram
}

// Percentile is a latency in milliseconds.
func (s Step) Percentile(p float64) float64 { return float64(s.Latency.ValueAtQuantile(p)) / 1e6 }

// load is an attack: an open loop, which sends its requests when they are due,
// however slow the answers are.
type load struct {
	url         string
	rate        int
	duration    time.Duration
	concurrency int
	breakers    int
}

// reply is what became of one request.
type reply struct {
	due      time.Duration // since the load began
	latency  time.Duration
	answered bool // with 200
	fallback bool // by the guard's fallback
}

// run attacks until the duration or ctx is over, and calls each with every
// reply. A latency counts from the moment the request was due, so that a service
// that stalls cannot hide how long its callers waited.
func (l load) run(ctx context.Context, each func(reply)) Step {
	attacker := vegeta.NewAttacker(
		vegeta.Workers(uint64(min(64, l.concurrency))),
		vegeta.MaxWorkers(uint64(l.concurrency)),
		vegeta.Connections(l.concurrency),
		vegeta.MaxConnections(l.concurrency),
		vegeta.Timeout(10*time.Second),
	)
	defer context.AfterFunc(ctx, func() { attacker.Stop() })()

	step := Step{Rate: l.rate, Latency: hdrhistogram.New(1, slowest.Nanoseconds(), 3)}
	began := time.Now()
	interval := float64(time.Second) / float64(l.rate)
	for result := range attacker.Attack(l.targets(), vegeta.ConstantPacer{Freq: l.rate, Per: time.Second}, l.duration, "") {
		due := time.Duration(float64(result.Seq+1) * interval) // its pacer waits before the first
		latency := max(result.Latency, result.Timestamp.Add(result.Latency).Sub(began.Add(due)))
		_ = step.Latency.RecordValue(min(latency, slowest).Nanoseconds())
		step.Sent++
		if result.Code == 200 {
			step.Answered++
		}
		each(reply{due, latency, result.Code == 200, string(result.Body) == lastKnown})
	}
	step.PerSecond = float64(step.Answered) / time.Since(began).Seconds()
	return step
}

// targets spreads the requests over the breakers.
func (l load) targets() vegeta.Targeter {
	all := make([]vegeta.Target, l.breakers)
	for i := range all {
		all[i] = vegeta.Target{Method: "GET", URL: fmt.Sprintf("%s/?key=%d", l.url, i)}
	}
	return vegeta.NewStaticTargeter(all...)
}
