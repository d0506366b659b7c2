package main

import "slices"

// variant is a change of the library.
type variant struct {
	name   string
	caught bool   // whether the tests must fail
	tests  pkg    // the package of the tests; default: tests/torture
	run    string // the tests to run; default: the histories
	flags  []string
	edits  []edit
	woven  []string // files that yield before every statement; after the edits
}

// The packages that are edited.
const (
	bench    pkg = "actors/internal/owner"
	breaker  pkg = "actors/breaker"
	health   pkg = "actors/health"
	ask      pkg = "actors/internal/ask"
	healthz  pkg = "api/internal/healthz"
	messages pkg = "messages"
	pipeline pkg = "api/internal/pipeline"
	system   pkg = "system"
	torture  pkg = "tests/torture"
)

// quick bounds the time for which rapid searches for a simpler story.
var quick = []string{"-rapid.shrinktime", "1s"}

const gosched = `runtime.Gosched()`

// slowStep gives callers time before the owner of a breaker takes a step.
var slowStep = breaker.in("ownerState.step").before(`_ := o.now()`, gosched)

// divided gives each lease cells when an owner makes it.
var divided = breaker.in("newLease").replace(`if !m.leases() { _ }`,
	`c := newCells(); if last != nil { l.cells.Store(c) }; if m.leases() { c.thaw() } else { l.tally.Store(sealed) }`)

var variants = slices.Concat(protocol, runtimeOfOwners, ofCalls, woven)

// protocol are the changes of the breaker, the checks and their workbench.
var protocol = []variant{
	{name: "stretched: every step of the protocol is slow", edits: []edit{
		breaker.in("Lease.freeze").around(`l.tally.Or(sealed)`, gosched),
		breaker.in("Lease.thaw").around(`l.tally.Store(_)`, gosched),
		breaker.in("Lease.add").start(gosched),
		breaker.in("ownerState.publish").around(`o.h.lease.Store(_)`, gosched),
	}},
	{name: "crashing: the owner crashes in the middle of a step, up to five times", flags: []string{"-crashes"}, edits: []edit{
		bench.field("Bench", `lives int`),
		bench.in("Bench.End").start(`if b.lives < 5 && rand.IntN(8) == 0 { b.lives++; panic("crash") }`),
	}},
	{name: "poisoned: owners crash on command, also in whole systems", run: "TestACrash|TestCrashes|TestWholeSystems", flags: []string{"-tags", "poison"}, edits: []edit{
		messages.declare(`// Poison reports whether an owner must crash on a message.
			var Poison = func(owner, message string) bool { return false }`),
		bench.field("Bench", `doing string`),
		bench.in("Bench.Receive").start(`b.doing = fmt.Sprintf("%T", message)`),
		bench.in("Bench.End").start(`if messages.Poison(b.owner.Name(), b.doing) { panic("poison") }`),
	}},
	{name: "divided: every lease of an owner has cells", edits: []edit{divided}},
	{name: "cells that are not sealed with their lease", caught: true, edits: []edit{
		divided,
		breaker.in("Lease.freeze").replace(`count = c.freeze()`, `for i := range *c { count += (*c)[i].tally.Swap(0) &^ sealed }`),
	}},
	{name: "tally read before sealing", caught: true, edits: []edit{
		breaker.in("Lease.freeze").replace(`word := l.tally.Or(sealed)`, `word := l.tally.Load(); runtime.Gosched(); l.tally.Or(sealed)`),
	}},
	{name: "thaw by clearing the bit", caught: true, edits: []edit{
		breaker.in("Lease.thaw").replace(`l.tally.Store(_)`, `if count == 0 { l.tally.Store(0) } else { l.tally.And(^sealed) }`),
		slowStep,
	}},
	{name: "a lease published twice", caught: true, edits: []edit{
		breaker.field("ownerState", `first *Lease`),
		breaker.in("ownerState.publish").replace(`o.h.lease.Store(_)`, `
			next := newLease(o.h.name, m, last, now, cause)
			if o.first == nil {
				o.first = last
			}
			if o.first.state == next.state && o.first.timed == next.timed {
				o.first.epoch = next.epoch
				o.first.tally.Store(next.tally.Load())
				next = o.first
			}
			o.h.lease.Store(next)`),
	}},
	{name: "a lease lent again with something on it", caught: true, edits: []edit{
		breaker.in("ownerState.publish").replace(`last.thaw(0)`, `last.thaw(1)`),
	}},
	{name: "a lease lent again for another epoch", caught: true, edits: []edit{
		breaker.in("Lease.stillShows").drop(`l.epoch == m.epoch`),
	}},
	{name: "reply before publish", caught: true, edits: []edit{
		breaker.in("ownerState.Receive").inCase("*resultCell").body(`
			q := m.Question
			owner.Answer(&o.bench, m, true)
			runtime.Gosched()
			o.step(func(b *machine, now time.Time) effects { return b.result(now, &q) })`),
	}},
	{name: "a result that is not acknowledged", caught: true, edits: []edit{
		breaker.in("Handle.settle").replace(`return counted || err != nil`, `return true`),
		breaker.in("Handle.settle").replace(`counted, err := question(_...)`, `go func() { _, _ = question(context.Background(), h, &h.shared.results, *r) }()`),
	}},
	{name: "no epoch check by the owner", caught: true, edits: []edit{
		breaker.in("machine.result").drop(`r.Permit.Epoch != m.epoch`),
	}},
	{name: "no epoch check when a success moves to the next lease", caught: true, edits: []edit{
		breaker.in("Handle.settle").drop(`l.epoch == r.Permit.Epoch`),
	}},
	{name: "a success moves to any lease that is open", caught: true, edits: []edit{
		breaker.in("Handle.settle").drop(`l.state == messages.Closed`),
		breaker.in("Handle.settle").drop(`l.epoch == r.Permit.Epoch`),
	}},
	{name: "a tallied success leaves the streak", caught: true, edits: []edit{
		breaker.in("machine.credit").remove(`m.streak = 0`),
	}},
	{name: "a trial is not given back when its caller has gone", caught: true, edits: []edit{
		breaker.in("machine.left").remove(`m.takeTrial(p.Trial)`),
		slowStep,
	}},
	{name: "a time window forgets a bucket too early", caught: true, run: "TestABreakerGives", flags: quick, edits: []edit{
		breaker.in("newWindow").replace(`w.span / buckets`, `w.span / (buckets + 2)`),
	}},
	{name: "a time window forgets only while CLOSED", caught: true, run: "TestABreakerGives", flags: quick, edits: []edit{
		breaker.in("machine.stats").remove(`m.window.slide(now)`),
	}},
	{name: "a trial's result counts twice", caught: true, edits: []edit{
		breaker.in("machine.takeTrial").replace(`m.trials = slices.Delete(_...)`, `_ = i`),
	}},
	{name: "no caller reads the clock at the end of OPEN", caught: true, edits: []edit{
		breaker.constant("lastStretch", `0`),
	}},
	{name: "a failing check is believed one run too late", caught: true, run: "TestHealthChecks", flags: quick, edits: []edit{
		health.in("machine.observe").replace(`m.failures >= m.cfg.UnhealthyAfter`, `m.failures > m.cfg.UnhealthyAfter`),
	}},
	{name: "a late result of a stuck check counts", caught: true, run: "TestHealthChecks", flags: quick, edits: []edit{
		health.in("machine.result").replace(`m.phase == stuck`, `false`),
	}},
	{name: "a stuck check keeps its slot", caught: true, run: "TestHealthChecks", flags: quick, edits: []edit{
		health.in("machine.timeout").after(`e := _`, `e.release = false`),
	}},
	{name: "a blocked check runs", caught: true, run: "TestHealthChecks", flags: quick, edits: []edit{
		health.in("ownerState.acquire").replace(`o.h.blockedBy(now) != nil`, `$ && false`),
	}},
	{name: "nothing is ever stale", caught: true, run: "TestHealthChecks", flags: quick, edits: []edit{
		health.in("view.stale").replace(`now.After(v.staleAt)`, `$ && false`),
	}},
	{name: "checks that panic are restarted without back-off", caught: true, run: "TestHealthChecks", flags: quick, edits: []edit{
		system.in("backoff.pause").replace(`min(b.kind.FirstPause<<n, _)`, `b.kind.FirstPause`),
	}},
	{name: "a trial that is overdue is not counted", caught: true, run: "TestWholeSystems", edits: []edit{
		breaker.in("machine.overdue").remove(`m.fail(now, nil)`),
	}},
	{name: "one trial too many", caught: true, run: "TestWholeSystems", edits: []edit{
		breaker.in("machine.call").replace(`len(m.trials) < m.needed()`, `len(m.trials) <= m.needed()`),
	}},
	{name: "some changes emit no event", caught: true, run: "TestWholeSystems", edits: []edit{
		breaker.in("ownerState.step").replace(`o.Host().Emit(*e.change)`, `if e.change.Failures != 3 { $ }`),
	}},
	{name: "a restart raises an owner that was stopped", caught: true, tests: health, run: "TestARestartAfterTheStop", edits: []edit{
		bench.in("Bench.Restarted").replace(`b.ended`, `false`),
	}},
	{name: "a crash of the owner of a check keeps the slot", caught: true, tests: health, run: "TestACrash", edits: []edit{
		health.in("machine.restart").replace(`m.phase != running || !inFlight`, `false`),
	}},
	{name: "a check that was deregistered panics in silence", caught: true, tests: health, run: "TestAPanicAtTheEnd", edits: []edit{
		health.in("ownerState.logUnseen").replace(`logger.Error(_...)`, `_, _ = logger, sentence`),
	}},
	{name: "the ctx of a probe is left until its deadline", caught: true, tests: breaker, run: "TestTheCtxOfAProbe", edits: []edit{
		breaker.in("ownerState.ask").remove(`defer cancel()`),
	}},
}
