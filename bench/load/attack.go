package main

import (
	"context"
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// slowest is the highest latency that the histogram can hold.
const slowest = time.Minute

// Step is the result of one rate at one service.
type Step struct {
	Rate          int // requests per second asked for
	Guarded, Sick bool
	Sent          int
	Answered      int     // with 200
	PerSecond     float64 // 200s per second
	Reached       int64   // requests that reached the dependency
	Latency       *hdrhistogram.Histogram
}

// Percentile returns a percentile of the latencies, in milliseconds.
func (s Step) Percentile(p float64) float64 { return float64(s.Latency.ValueAtQuantile(p)) / 1e6 }

// load is an open loop of requests, which are sent when they are due, however slow
// the answers are.
type load struct {
	url         string
	rate        int
	duration    time.Duration
	concurrency int
	breakers    int
}

// reply is the result of one request.
type reply struct {
	due      time.Duration // since the load began
	latency  time.Duration
	answered bool // with 200
	fallback bool // by the guard's fallback
}

// run sends requests until the duration is over or ctx ends, and calls each with
// every reply. Latencies are measured from the moment at which the request was due,
// so that they include the waiting of callers while a service stalls.
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
		due := time.Duration(float64(result.Seq+1) * interval) // vegeta's pacer waits before the first request
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
