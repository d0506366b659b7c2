package main

import (
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/understudy-go/understudy/api"
)

// Pair is a work of understudy and the same work of a rival.
type Pair struct {
	Group       string // what is done; the pairs of a group are shown together
	Case        string // what is special about it, or ""
	Ours, Rival Contender
	Target      float64 // the highest ours / rival; 0: shown, not judged
	Allocs      float64 // the highest allocations of ours per operation
	AllCores    bool
}

// Work returns what is done: group and case.
func (p Pair) Work() string {
	if p.Case == "" {
		return p.Group
	}
	return p.Group + ", " + p.Case
}

// AnyAllocs is for works whose allocations are not judged.
const AnyAllocs = 1e9

// windowed has a failure rate over ten seconds in ten buckets, like gobreakerRolling.
var windowed = api.BreakerConfig{FailureThreshold: api.Off, Window: api.TimeWindow(10 * time.Second), FailureRate: 0.5}

// The groups of pairs.
const (
	whenClosed       = "success through a closed breaker"
	whenClosedWithDo = "success through a closed breaker, with Do"
	whenOpen         = "refusal by an open breaker"
	whenFailing      = "failure through a closed breaker"
	retryAlone       = "success through a retry"
	severalPolicies  = "success through several policies"
	timeoutAlone     = "success through a timeout"
)

// allCores is the case of pairs whose work runs on all cores.
const allCores = "all cores"

// Pairs returns all comparisons, group by group.
func Pairs() []Pair {
	run := Contender{"Run", oursRun(api.BreakerConfig{})}
	gobreakerExecute := Contender{"gobreaker v2", gobreakerRun(gobreaker.Settings{})}
	mutex := Contender{"mutex by hand", byHandBreaker}
	do := Contender{"Do(breaker)", oursDoBreaker}
	retry := Contender{"Do(retry)", oursDoRetry}
	refused := Contender{"Run", oursRefused}
	failing := Contender{"Run", oursFailing}
	return []Pair{
		{Group: whenClosed, Ours: run, Rival: gobreakerExecute, Target: 0.10},
		{Group: whenClosed, Ours: run, Rival: Contender{"eapache breaker", eapacheRun}, Target: 0.95},
		{Group: whenClosed, Ours: run, Rival: mutex},
		{Group: whenClosed, Ours: run, Rival: Contender{"hystrix-go", hystrixRun}},
		{Group: whenClosed, Case: allCores, Ours: run, Rival: gobreakerExecute, Target: 0.13, AllCores: true},
		{Group: whenClosed, Case: allCores, Ours: run, Rival: mutex, AllCores: true},
		{Group: whenClosed, Case: "failure rate over time", Ours: Contender{"Run, TimeWindow", oursRun(windowed)},
			Rival: Contender{"gobreaker v2", gobreakerRun(gobreakerRolling)}, Target: 0.15},
		{Group: whenClosed, Case: "ctx can be cancelled", Ours: Contender{"Run", oursRunCancellable}, Rival: gobreakerExecute},

		{Group: whenClosedWithDo, Ours: do, Rival: Contender{"failsafe-go With(cb).Get", failsafeBreaker}, Target: 0.03},
		{Group: whenClosedWithDo, Ours: do, Rival: Contender{"failsafe-go, kept executor", failsafeBuilt}},
		{Group: whenClosedWithDo, Case: "a function made for each call", Ours: Contender{"Do(breaker)", oursDoCapturing}, Rival: gobreakerExecute, Allocs: 1},

		{Group: whenOpen, Ours: refused, Rival: Contender{"gobreaker v2", gobreakerRefused}, Target: 0.20},
		{Group: whenOpen, Ours: refused, Rival: Contender{"failsafe-go", failsafeRefused}},

		{Group: whenFailing, Ours: failing, Rival: Contender{"protoactor RequestFuture", requestFuture}, Target: 0.12, Allocs: AnyAllocs},
		{Group: whenFailing, Ours: failing, Rival: Contender{"gobreaker v2", gobreakerFailing}, Allocs: AnyAllocs},
		{Group: whenFailing, Case: allCores, Ours: failing, Rival: Contender{"gobreaker v2", gobreakerFailing}, AllCores: true, Allocs: AnyAllocs},

		{Group: retryAlone, Ours: retry, Rival: Contender{"retry-go v5, kept retrier", avastRetry}, Target: 1.0},
		{Group: retryAlone, Ours: retry, Rival: Contender{"retry-go v5, New(...).Do", avastNew}, Target: 1.0},
		{Group: retryAlone, Ours: retry, Rival: Contender{"backoff v5", backoffRetry}, Target: 1.0},
		{Group: retryAlone, Ours: retry, Rival: Contender{"go-retry", goRetry}},
		{Group: retryAlone, Ours: retry, Rival: Contender{"eapache retrier", eapacheRetrier}},
		{Group: retryAlone, Ours: retry, Rival: Contender{"loop by hand", byHandRetry}},

		{Group: severalPolicies, Case: "retry+breaker", Ours: Contender{"Do(retry, breaker)", oursDoRetryBreaker},
			Rival: Contender{"failsafe-go", failsafeRetryBreaker}, Target: 0.04},
		{Group: severalPolicies, Case: "fallback+timeout+retry+breaker", Ours: Contender{"Do(all four)", oursDoAll},
			Rival: Contender{"failsafe-go", failsafeAll}, Target: 0.20, Allocs: 1},

		{Group: timeoutAlone, Case: "hard", Ours: Contender{"Do(Timeout)", oursHardTimeout},
			Rival: Contender{"by hand", byHandTimeout}, Target: 0.70, Allocs: 3},
		{Group: timeoutAlone, Case: "cooperative", Ours: Contender{"Do(timeout)", oursCooperativeTimeout},
			Rival: Contender{"context.WithTimeout", byHandCooperative}, Allocs: 1},
	}
}

// Row is a pair with its figures.
type Row struct {
	Pair
	OursCost, RivalCost Figures
	Spread              float64 // uncertainty of the ratio, as a share of it
}

// Ratio returns our time divided by the rival's.
func (r Row) Ratio() float64 { return r.OursCost.Ns / r.RivalCost.Ns }

// Misses returns which targets the row misses: "" for none, the time, the
// allocations. A hundredth of an allocation per operation is that of the runtime.
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
