package main

import (
	"context"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// patience is how long a caller waits for an answer.
const patience = 10 * time.Second

// wares is how many products the shop has.
const wares = 60

// visits returns the requests to a storefront: seven in ten for a product, the
// others for a checkout. The same seed makes the same requests.
func visits(storefront string, seed uint64) []vegeta.Target {
	random := rand.New(rand.NewPCG(seed, 0))
	targets := make([]vegeta.Target, 1000)
	for i := range targets {
		if random.Float64() < 0.7 {
			targets[i] = vegeta.Target{Method: "GET", URL: storefront + "/product/" + strconv.Itoa(random.IntN(wares))}
		} else {
			targets[i] = vegeta.Target{Method: "POST", URL: storefront + "/checkout/" + strconv.Itoa(i)}
		}
	}
	return targets
}

// Tally counts what the callers of one storefront experienced.
type Tally struct {
	Answered  int             // with 2xx
	Fallbacks int             // those of Answered in which a fallback had a part
	Failed    int             // any other status, or no answer
	CutOff    int             // still waiting when the run was interrupted
	InVain    time.Duration   // waited for requests that failed
	Latencies []time.Duration // of all that were answered or failed; sorted by attack
}

// Requests returns the number of requests.
func (t *Tally) Requests() int { return t.Answered + t.Failed + t.CutOff }

// add counts one result.
func (t *Tally) add(r *vegeta.Result) {
	t.Latencies = append(t.Latencies, r.Latency)
	if r.Error != "" || r.Code < 200 || r.Code > 299 {
		t.Failed++
		t.InVain += r.Latency
		return
	}
	t.Answered++
	if r.Headers.Get(degraded) != "" {
		t.Fallbacks++
	}
}

// Percentile returns the latency that this share of the requests did not exceed.
func (t *Tally) Percentile(p float64) time.Duration {
	if len(t.Latencies) == 0 {
		return 0
	}
	at := int(p*float64(len(t.Latencies))+0.999999) - 1
	return t.Latencies[min(max(at, 0), len(t.Latencies)-1)]
}

// attack sends requests to a storefront at a constant rate, however slowly it
// answers, and returns when the last has ended. When ctx ends it stops, and
// requests in flight count as cut off.
func attack(ctx context.Context, storefront string, opts Options) *Tally {
	client := newClient()
	client.Timeout = patience
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	defer client.CloseIdleConnections()
	attacker := vegeta.NewAttacker(vegeta.Client(client))
	stop := context.AfterFunc(ctx, func() { attacker.Stop() })
	defer stop()

	tally := &Tally{}
	pace := vegeta.Rate{Freq: opts.Rate, Per: time.Second}
	for r := range attacker.Attack(vegeta.NewStaticTargeter(visits(storefront, opts.Seed)...), pace, opts.For, "") {
		if ctx.Err() != nil {
			tally.CutOff++
			continue
		}
		tally.add(r)
	}
	slices.Sort(tally.Latencies)
	return tally
}
