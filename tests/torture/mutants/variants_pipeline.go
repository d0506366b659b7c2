package main

const trees = "TestTreesOfPolicies"

// ofCalls are the changes of how a call runs, and of what its end says.
var ofCalls = []variant{
	// Those that once passed all tests.
	{name: "one name, two breakers", caught: true, run: "TestOneName", edits: []edit{
		system.in("Names.GetOrMake").before(`n.mu.Lock()`, gosched),
		system.in("Names.GetOrMake").remove(`if h, ok := n.handles[name]; ok { _ }`),
	}},
	{name: "a permit that counts twice", caught: true, run: "TestAPermit", edits: []edit{
		pipeline.in("Entry.count").remove(`if e.settled.Load() { _ }`),
	}},
	{name: "an outcome that is settled before it is counted", caught: true, run: "TestAPermit", edits: []edit{
		pipeline.in("Entry.count").remove(`defer e.mu.Unlock()`),
		pipeline.in("Entry.count").replace(`if e.settled.Load() { _ }`, `again := e.settled.Swap(true); e.mu.Unlock(); if again { return true, false }`),
	}},
	{name: "a nested Timeout that the outer one does not know", caught: true, run: trees, edits: []edit{
		pipeline.in("runDetached").replace(`outer != nil`, `outer != nil && ctx == nil`),
	}},
	{name: "a call that begins after the end", caught: true, run: "TestNothingBegins", edits: []edit{
		pipeline.in("deadlineContext.add").remove(`if d.err != nil { _ }`),
	}},
	{name: "a classifier that panics counts nothing", caught: true, run: "TestAClassifierThatPanics", edits: []edit{
		pipeline.in("settle").replace(`settlePanic(_...)`, `_ = judged`),
	}},
	{name: "the timer of a hard Timeout stays", caught: true, run: "NothingBehind", edits: []edit{
		pipeline.in("runDetached").replace(`defer timer.Stop()`, `_ = timer`),
	}},
	{name: "a hard Timeout listens to its caller for ever", caught: true, run: "NothingBehind", edits: []edit{
		pipeline.in("runDetached").replace(`defer whenDone(ctx, c.callerIsDone)()`, `whenDone(ctx, c.callerIsDone)`),
	}},
	{name: "the timer of Done stays", caught: true, run: "NothingBehind", edits: []edit{
		pipeline.in("deadlineContext.endAndUnlock").replace(`timer.Stop()`, `_ = timer`),
	}},
	{name: "the ctx of a Timeout follows its caller for ever", caught: true, run: "NothingBehind", edits: []edit{
		pipeline.in("deadlineContext.endAndUnlock").replace(`sheltered(stop)`, `_ = stop`),
	}},
	{name: "the timer of an owner outlives the system", caught: true, run: "NothingBehind", edits: []edit{
		bench.in("Bench.Stopped").remove(`b.disarm()`),
	}},

	// Who came first.
	{name: "an inner Timeout does not ask the outer one who was first", caught: true, run: "NearTheLimit", edits: []edit{
		pipeline.in("detached.lockedClaim").replace(`outer.claim(err)`, `true`),
	}},
	{name: "a claim past the limit", caught: true, run: trees, edits: []edit{
		pipeline.in("detached.claim").replace(`callers == nil && !passed`, `callers == nil && (!passed || true)`),
	}},
	{name: "a claim after the caller has left", caught: true, run: "TestManyCallers", edits: []edit{
		pipeline.in("detached.claim").replace(`callers == nil && !passed`, `(callers == nil || true) && !passed`),
	}},
	{name: "a wait that does not decide", caught: true, run: "NearTheLimit", edits: []edit{
		pipeline.in("runDetached").after(`c.wait()`, gosched),
		pipeline.in("detached.claim").before(`c.mu.Lock()`, gosched),
		pipeline.in("detached.end").before(`c.mu.Lock()`, gosched),
		pipeline.in("detached.wait").replace(`c.late, c.leftBehind = true, true`, `c.leftBehind = true`),
	}},
	{name: "a claim is not kept by wait", caught: true, run: "ReportOfACall", edits: []edit{
		pipeline.in("detached.wait").replace(`c.inTime || !c.expired && !c.callerDone`, `!c.expired && !c.callerDone`),
	}},

	// Where the call is.
	{name: "a ctx that outlives the hard Timeout is inside", caught: true, run: trees, edits: []edit{
		pipeline.in("around").remove(`for in.hard != nil && !in.hard.bounds(ctx) { _ }`),
	}},
	{name: "a ctx that outlives the Timeout is held", caught: true, run: "HoldOf", edits: []edit{
		pipeline.in("around").remove(`for in.timeout != nil && !in.timeout.bounds(ctx) { _ }`),
	}},
	{name: "a ctx with the same deadline is outside", caught: true, tests: "tests", run: "Timeout|Limit|Hold", edits: []edit{
		pipeline.in("deadlineContext.bounds").replace(`at.After(limit)`, `!at.Before(limit)`),
	}},
	{name: "what is inside an Around knows what is outside", caught: true, run: trees, edits: []edit{
		pipeline.in("surroundings.of").replace(`surroundings{}`, `in`),
	}},
	{name: "a failed attempt ends the whole call", caught: true, run: trees, edits: []edit{
		pipeline.in("surroundings.of").replace(`min(in.ends, onSuccess)`, `in.ends`),
	}},
	{name: "a cooperative Timeout is as a hard one for its line", caught: true, run: trees, edits: []edit{
		pipeline.in("surroundings.of").replace(`!s.Timeout.Cooperative`, `true`),
	}},

	// Hold, Late and attempts.
	{name: "a release ends the ctx of a call that runs", caught: true, run: trees, edits: []edit{
		pipeline.in("deadlineContext.hold").drop(`d.finished`),
	}},
	{name: "Hold holds the innermost Timeout alone", caught: true, run: trees, edits: []edit{
		pipeline.in("Hold").replace(`d.hold(1)`, `if d == in.timeout { $ }`),
	}},
	{name: "a failed attempt holds on", caught: true, tests: "tests", run: "Hold", edits: []edit{
		pipeline.in("attemptFailed").replace(`s.holds().release()`, `_ = s`),
	}},
	{name: "an attempt of an outer loop counts for the inner one", caught: true, run: "InnermostRetry", edits: []edit{
		pipeline.in("withAttempt").drop(`s != nil && s.attempt > 1`),
	}},
	{name: "Late hears of a value from each Timeout of a line", caught: true, run: trees, edits: []edit{
		pipeline.in("detached.giveUp").remove(`c.noteLate(true)`),
	}},
	{name: "a held ctx is forgotten by the Timeout around", caught: true, run: "HeldCtx", edits: []edit{
		pipeline.in("deadlineContext.leave").replace(`inner.err == nil`, `false`),
	}},
	{name: "a late next runs", caught: true, run: "TooLate", edits: []edit{
		pipeline.in("runAround").remove(`c.started = true`),
	}},

	// Fallbacks and switches.
	{name: "a Switch keeps its first policy", caught: true, tests: "tests", run: "Switch", edits: []edit{
		pipeline.in("resolved.isCurrent").replace(`s.current.Load() != r.versions[i]`, `s == nil && i < 0`),
	}},

	// What an error says.
	{name: "the last RetryAfter counts, not the longest", caught: true, run: "LongestRetry", edits: []edit{
		messages.in("Marks.collect").replace(`max(m.RetryAfter, e.delay)`, `e.delay`),
	}},
	{name: "what a TimeoutError unwraps to is judged", caught: true, run: "TestWhatTheTree", edits: []edit{
		messages.in("every").inCase(`*TimeoutError`).body(`return e.Err != nil && every(e.Err, is)`),
	}},
	{name: "an empty join says nothing", caught: true, run: "TestWhatTheTree", edits: []edit{
		messages.in("every").replace(`leaves := false`, `leaves := true`),
	}},
	{name: "a ctx past its deadline has left", caught: true, run: "TestABreakerGives", flags: quick, edits: []edit{
		messages.in("IsCancelled").replace(`err == context.Canceled || errors.Is(err, context.Canceled)`, `errors.Is(err, err)`),
	}},

	// Results and settings are one order.
	{name: "a result that other settings judged is counted", caught: true, run: "TestManyCallers", edits: []edit{
		breaker.in("machine.accepts").replace(`r.Settings == 0 || r.Settings == m.settings`, `true`),
		slowStep,
	}},
	{name: "a success that other settings judged is tallied", caught: true, run: "TestManyCallers", edits: []edit{
		breaker.in("Handle.settle").drop(`l.settings == r.Settings`),
		breaker.in("Handle.settle").before(`l := h.lease.Load()`, gosched),
	}},
	{name: "a caller who has left before its answer is counted", caught: true, run: "TestManyCallers", edits: []edit{
		breaker.in("machine.left").remove(`m.totals.Rejected--`),
		slowStep,
	}},

	// The workbench.
	{name: "a question is failed twice", caught: true, tests: bench, run: "Test", edits: []edit{
		bench.in("Bench.Fail").remove(`b.question = nil`),
	}},

	// Pages.
	{name: "a format that is refused", caught: true, tests: healthz, run: "Accept", edits: []edit{
		healthz.in("choose").replace(`best, bestQ := formatText, 0.0`, `best, bestQ := formatText, -1.0`),
	}},
	{name: "a group counts a check twice", caught: true, run: "SeveralGroups", edits: []edit{
		healthz.in("Set.union").replace(`members[c.Name()] = c`, `members[name+c.Name()] = c`),
	}},
}
