package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/understudy-go/understudy/api"
)

// Finding is a figure that is not a comparison with a rival.
type Finding struct {
	What  string
	Value float64
	Unit  string
	Limit float64 // the highest Value; 0: shown, not judged
}

// Missed reports whether the finding is above its limit.
func (f Finding) Missed() bool { return f.Limit > 0 && f.Value > f.Limit }

// heap returns the bytes of live objects and stacks, after two collections.
func heap() float64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc + m.StackInuse)
}

// crowd is a system with very many breakers.
type crowd struct {
	bed      *Bed
	breakers []*api.Breaker
}

// Scale makes that many breakers and measures what they cost.
func Scale(breakers int, c Clock, progress func(string)) ([]Finding, error) {
	few, err := NewBed()
	if err != nil {
		return nil, err
	}
	many, err := NewBed()
	if err != nil {
		return nil, err
	}
	progress(fmt.Sprintf("%d breakers", breakers))
	m := &crowd{bed: many, breakers: make([]*api.Breaker, breakers)}
	found := m.memory()
	progress("lookups and calls among them")
	c = Clock{Rounds: min(c.Rounds, 5), Slice: 5 * c.Slice} // each round collects a large heap
	found = append(found, m.lookups(c)...)
	found = append(found, m.calls(few, c)...)
	progress("shutting them down")
	began := time.Now()
	if err := many.Close(); err != nil {
		return nil, err
	}
	found = append(found, Finding{What: "Shutdown of all of them", Value: time.Since(began).Seconds(), Unit: "s"})
	return found, few.Close()
}

// memory makes the breakers and measures their memory, including names.
func (m *crowd) memory() []Finding {
	goroutines := runtime.NumGoroutine()
	n := float64(len(m.breakers))
	empty := heap()
	for i := range m.breakers {
		m.breakers[i] = must(m.bed.System.Breaker(fmt.Sprintf("breaker-%07d", i), api.BreakerConfig{}))
	}
	never := heap()
	ctx := context.Background()
	for _, b := range m.breakers {
		expect(b.Run(ctx, func(context.Context) error { return errSick }), errSick)
	}
	once := heap()
	return []Finding{
		{"a breaker never asked", (never - empty) / n, "B", 400},
		{"a breaker once asked", (once - empty) / n, "B", 1600},
		{"goroutines per breaker", float64(runtime.NumGoroutine()-goroutines) / n, "", 0.01},
	}
}

// lookups times LookupBreaker with a thousand names, which the caches hold, and
// with all names, which they cannot hold.
func (m *crowd) lookups(c Clock) []Finding {
	all := rand.New(rand.NewPCG(1, 2)).Perm(len(m.breakers))
	names := make([]string, len(all))
	for i, at := range all {
		names[i] = m.breakers[at].Name()
	}
	look := func(names []string) Work {
		at := 0
		return func(n int) {
			for range n {
				if _, ok := m.bed.System.LookupBreaker(names[at]); !ok {
					panic("a breaker is lost: " + names[at])
				}
				if at++; at == len(names) {
					at = 0
				}
			}
		}
	}
	s := c.measure(look(names[:min(1000, len(names))]), look(names))
	return []Finding{
		{"lookup by name, 1,000 names in use", s[0].figures().Ns, "ns", 50},
		{"lookup by name, all names in turn (cache misses)", s[1].figures().Ns, "ns", 0},
		{"allocations of a lookup", s[0].figures().Allocs, "", 0.01},
	}
}

// calls times the call of a breaker that is alone in its system, of one among all,
// and of all in turn.
func (m *crowd) calls(few *Bed, c Clock) []Finding {
	at := 0
	inTurn := func(n int) {
		ctx := context.Background()
		var total int64
		for i := range n {
			check(m.breakers[at].Run(ctx, func(context.Context) error {
				total += int64(i)
				return nil
			}))
			if at++; at == len(m.breakers) {
				at = 0
			}
		}
		sink.Add(total)
	}
	s := c.measure(oursRun(api.BreakerConfig{})(few), oursRun(api.BreakerConfig{})(m.bed), inTurn)
	one, among, each := s[0].figures().Ns, s[1].figures().Ns, s[2].figures().Ns
	return []Finding{
		{"a call among all, against a call of one alone", among / one, "×", 1.5},
		{"a call of each breaker in turn (cache misses)", each, "ns", 0},
	}
}
