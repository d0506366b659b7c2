package main

import (
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/understudy-go/understudy/api"
)

// Pair is a piece of work done by us and by a rival.
type Pair struct {
	Work        string
	Ours, Rival Contender
	Target      float64 // ours / rival, at most; 0: shown, not judged
	Allocs      float64 // ours per operation, at most
	AllCores    bool
}

// AnyAllocs is for works that may allocate what they like.
const AnyAllocs = 1e9

// windowed judges a failure rate over ten seconds in ten buckets, as gobreakerRolling does.
var windowed = api.BreakerConfig{FailureThreshold: api.Off, Window: api.TimeWindow(10 * time.Second), FailureRate: 0.5}

// Pairs are all comparisons, those with a target first.
func Pairs() []Pair {
	run := Contender{"Run", oursRun(api.BreakerConfig{})}
	gobreakerExecute := Contender{"gobreaker v2", gobreakerRun(gobreaker.Settings{})}
	do := Contender{"Do(breaker)", oursDoBreaker}
	retry := Contender{"Do(retry)", oursDoRetry}
	refused := Contender{"Run", oursRefused}
	failing := Contender{"Run", oursFailing}
	cooperative := Contender{"Do(timeout)", oursCooperativeTimeout}
	return []Pair{
		{Work: "closed, success", Ours: run, Rival: gobreakerExecute, Target: 0.10},
		{Work: "closed, success", Ours: run, Rival: Contender{"eapache breaker", eapacheRun}, Target: 0.95},
		{Work: "closed, success, all cores", Ours: run, Rival: gobreakerExecute, Target: 0.13, AllCores: true},
		{Work: "Do with one breaker", Ours: do, Rival: Contender{"failsafe-go With(cb).Get", failsafeBreaker}, Target: 0.03},
		{Work: "refused while open", Ours: refused, Rival: Contender{"gobreaker v2", gobreakerRefused}, Target: 0.20},
		{Work: "retry+breaker, success", Ours: Contender{"Do(retry, breaker)", oursDoRetryBreaker},
			Rival: Contender{"failsafe-go", failsafeRetryBreaker}, Target: 0.04},
		{Work: "fallback+timeout+retry+breaker", Ours: Contender{"Do(all four)", oursDoAll},
			Rival: Contender{"failsafe-go", failsafeAll}, Target: 0.20, Allocs: 1},
		{Work: "hard timeout, success", Ours: Contender{"Do(Timeout)", oursHardTimeout},
			Rival: Contender{"by hand", byHandTimeout}, Target: 0.70, Allocs: 3},
		{Work: "failing call, acknowledged", Ours: failing,
			Rival: Contender{"protoactor RequestFuture", requestFuture}, Target: 0.12, Allocs: AnyAllocs},
		{Work: "retry alone, success", Ours: retry, Rival: Contender{"retry-go v5, kept retrier", avastRetry}, Target: 1.0},
		{Work: "retry alone, success", Ours: retry, Rival: Contender{"retry-go v5, New(...).Do", avastNew}, Target: 1.0},
		{Work: "retry alone, success", Ours: retry, Rival: Contender{"backoff v5", backoffRetry}, Target: 1.0},
		{Work: "failure rate over time, success", Ours: Contender{"Run, TimeWindow", oursRun(windowed)},
			Rival: Contender{"gobreaker v2 rolling", gobreakerRun(gobreakerRolling)}, Target: 0.15},

		{Work: "closed, ctx can be cancelled", Ours: Contender{"Run", oursRunCancellable}, Rival: gobreakerExecute},
		{Work: "closed, success", Ours: run, Rival: Contender{"mutex by hand", byHandBreaker}},
		{Work: "closed, success, all cores", Ours: run, Rival: Contender{"mutex by hand", byHandBreaker}, AllCores: true},
		{Work: "closed, success", Ours: run, Rival: Contender{"hystrix-go", hystrixRun}},
		{Work: "Do with one breaker", Ours: do, Rival: Contender{"failsafe-go, kept executor", failsafeBuilt}},
		{Work: "Do, a function made for each call", Ours: Contender{"Do(breaker)", oursDoCapturing}, Rival: gobreakerExecute, Allocs: 1},
		{Work: "refused while open", Ours: refused, Rival: Contender{"failsafe-go", failsafeRefused}},
		{Work: "failing call", Ours: failing, Rival: Contender{"gobreaker v2", gobreakerFailing}, Allocs: AnyAllocs},
		{Work: "failing calls, all cores", Ours: failing, Rival: Contender{"gobreaker v2", gobreakerFailing}, AllCores: true, Allocs: AnyAllocs},
		{Work: "retry alone, success", Ours: retry, Rival: Contender{"go-retry", goRetry}},
		{Work: "retry alone, success", Ours: retry, Rival: Contender{"eapache retrier", eapacheRetrier}},
		{Work: "retry alone, success", Ours: retry, Rival: Contender{"loop by hand", byHandRetry}},
		{Work: "cooperative timeout, success", Ours: cooperative,
			Rival: Contender{"context.WithTimeout", byHandCooperative}, Target: 0, Allocs: 1},
	}
}

// Row is a pair, measured.
type Row struct {
	Pair
	OursCost, RivalCost Figures
	Spread              float64 // of the ratio, as a share of it
}

// Ratio is ours to the rival's.
func (r Row) Ratio() float64 { return r.OursCost.Ns / r.RivalCost.Ns }

// Misses tells what the row misses: nothing, the time, the allocations. A
// hundredth of an allocation per operation is the runtime's own.
func (r Row) Misses() string {
	switch {
	case r.Target == 0:
		return ""
	case r.Ratio() > r.Target:
		return "too slow"
	case r.OursCost.Allocs > r.Allocs+0.01:
		return "allocates"
	}
	return ""
}

// Measure measures a pair.
func (p Pair) Measure(b *Bed, c Clock) Row {
	ours, rival := p.Ours.New(b), p.Rival.New(b)
	if p.AllCores {
		ours, rival = OnAllCores(ours), OnAllCores(rival)
	}
	s := c.measure(ours, rival)
	return Row{Pair: p, OursCost: s[0].figures(), RivalCost: s[1].figures(), Spread: spread(s[0].ns, s[1].ns)}
}
