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
	{name: "an end past the limit", caught: true, run: trees, edits: []edit{
		pipeline.in("detached.end").replace(`callers == nil && !passed`, `callers == nil && (!passed || true)`),
	}},
	{name: "a wait that does not decide", caught: true, run: "NearTheLimit", edits: []edit{
		pipeline.in("runDetached").after(`c.wait()`, gosched),
		pipeline.in("detached.claim").before(`c.mu.Lock()`, gosched),
		pipeline.in("detached.end").before(`c.mu.Lock()`, gosched),
		pipeline.in("detached.wait").remove(`c.late = !c.inTime`),
	}},
	{name: "a wait that goes on at the limit", caught: true, run: trees, edits: []edit{
		pipeline.in("detached.wait").replace(`c.inTime || !c.expired && !c.callerDone`, `c.inTime || !c.expired`),
	}},
	{name: "a claim is not kept by wait", caught: true, run: "ReportOfACall", edits: []edit{
		pipeline.in("detached.wait").replace(`c.inTime || !c.expired && !c.callerDone`, `!c.expired && !c.callerDone`),
	}},
	{name: "a Timeout that fires leaves the calls inside alone", caught: true, run: trees, edits: []edit{
		pipeline.in("detached.giveUp").remove(`c.abort(end)`),
	}},
	{name: "the end of the caller is a timeout", caught: true, run: trees, edits: []edit{
		pipeline.in("detached.giveUp").replace(`!c.endedByCaller()`, `end != nil`),
	}},
	{name: "an earlier deadline is a timeout", caught: true, run: trees, edits: []edit{
		pipeline.in("deadlineContext.endedByCaller").replace(`at.Before(d.limitAt())`, `at.IsZero()`),
	}},
	{name: "a call in the middle of a line is always in time", caught: true, run: trees, edits: []edit{
		pipeline.in("detached.isInTime").replace(`over || c.Err() == nil`, `over || true`),
	}},
	{name: "a cooperative Timeout ignores its limit", caught: true, run: trees, edits: []edit{
		pipeline.in("runAttached").drop(`!d.endedByCaller()`),
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
	{name: "a failed call is held", caught: true, tests: "tests", run: "Hold", edits: []edit{
		pipeline.in("deadlineContext.finish").drop(`err == nil`),
	}},
	{name: "a failed attempt holds on", caught: true, tests: "tests", run: "Hold", edits: []edit{
		pipeline.in("attemptFailed").replace(`s.holds().release()`, `_ = s`),
	}},
	{name: "the second attempt of a loop has no number", caught: true, tests: "tests", run: "Attempt", edits: []edit{
		pipeline.in("withAttempt").replace(`number > 1`, `number > 2`),
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
	{name: "one classifier that panics saves all others", caught: true, tests: "tests", run: "ClassifierThatPanics", edits: []edit{
		pipeline.in("abortAll").replace(`defer abortAll(_...)`, `abortAll(nil, cause)`),
	}},
	{name: "a value beside a refusal is kept", caught: true, tests: "tests", run: "Test", edits: []edit{
		pipeline.in("Kept").replace(`messages.IsRefused(e)`, `e == nil`),
	}},
	{name: "a late next runs", caught: true, run: "TooLate", edits: []edit{
		pipeline.in("runAround").remove(`c.started = true`),
	}},
	{name: "a Timeout forgets the last attempt", caught: true, tests: "tests", run: "Timeout|Retry", edits: []edit{
		pipeline.in("deadlineContext.noteAttempt").replace(`d.lockedExtras().lastAttempt = err`, `_ = err`),
	}},

	// Fallbacks and switches.
	{name: "a fallback that was skipped is an error", caught: true, tests: "tests", run: "Fallback|When", edits: []edit{
		pipeline.in("FallBack").replace(`!ok`, `!ok || true`),
	}},
	{name: "a caller who has left is served fallbacks", caught: true, tests: "tests", run: "Fallback", edits: []edit{
		pipeline.in("doneErr").body(`return nil`),
	}},
	{name: "a Switch keeps its first policy", caught: true, tests: "tests", run: "Switch", edits: []edit{
		pipeline.in("resolved.isCurrent").replace(`s.current.Load() != r.versions[i]`, `s == nil && i < 0`),
	}},
	{name: "Cooperative forgets the later policies of a Switch", caught: true, tests: "tests", run: "Switch|Cooperative", edits: []edit{
		pipeline.in("Cooperative").remove(`stages[i].cooperative = true`),
	}},

	// What an error says.
	{name: "a mark that was obeyed is seen again", caught: true, tests: "tests", run: "Retry|Mark", edits: []edit{
		messages.in("WithoutMarks").replace(`&obeyed{err}`, `err`),
	}},
	{name: "the marks beneath a RetryError are seen", caught: true, tests: "tests", run: "Retry|Mark", edits: []edit{
		messages.in("Marks.collect").inCase(`*obeyed`).body(`if err == nil { return }`),
	}},
	{name: "the last RetryAfter counts, not the longest", caught: true, run: "LongestRetry", edits: []edit{
		messages.in("Marks.collect").replace(`max(m.RetryAfter, e.delay)`, `e.delay`),
	}},
	{name: "what a TimeoutError unwraps to is judged", caught: true, run: "TestWhatTheTree", edits: []edit{
		messages.in("every").inCase(`*TimeoutError`).body(`return e.Err != nil && every(e.Err, is)`),
	}},
	{name: "one neutral leaf is enough", caught: true, run: "TestWhatTheTree", edits: []edit{
		messages.in("every").replace(`if !every(child, is) { _ }`, `if every(child, is) { return true }`),
	}},
	{name: "an empty join says nothing", caught: true, run: "TestWhatTheTree", edits: []edit{
		messages.in("every").replace(`leaves := false`, `leaves := true`),
	}},
	{name: "a ctx past its deadline has left", caught: true, run: "TestABreakerGives", flags: quick, edits: []edit{
		messages.in("IsCancelled").replace(`err == context.Canceled || errors.Is(err, context.Canceled)`, `errors.Is(err, err)`),
	}},
	{name: "a refusal of another policy is a failure", caught: true, run: "TestWhatTheTree", edits: []edit{
		messages.in("isNeutral").replace(`e.Refused()`, `!e.Refused()`),
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
	{name: "a stale tick is passed on", caught: true, tests: bench, run: "Test", edits: []edit{
		bench.in("Bench.Receive").replace(`m.Generation != b.generation`, `false`),
	}},
	{name: "a question is failed twice", caught: true, tests: bench, run: "Test", edits: []edit{
		bench.in("Bench.Fail").remove(`b.question = nil`),
	}},
	{name: "a step that is dropped is kept", caught: true, tests: bench, run: "Test", edits: []edit{
		bench.in("Bench.End").replace(`if commit { _ }`, `b.Machine, b.spare = b.spare, b.Machine`),
	}},
	{name: "a restarted owner keeps its timer", caught: true, tests: bench, run: "Test", edits: []edit{
		bench.in("Bench.Restarted").remove(`b.disarm()`),
	}},
	{name: "an answer does not end the question", caught: true, tests: bench, run: "Test", edits: []edit{
		bench.in("Answer").remove(`b.question = nil`),
	}},
	{name: "an answer that nobody waits for is taken for one", caught: true, tests: "actors/internal/ask", run: "Test", edits: []edit{
		ask.in("Cell.settle").replace(`return false`, `return true`),
	}},
	{name: "a cell keeps its error", caught: true, tests: "actors/internal/ask", run: "Test", edits: []edit{
		ask.in("Pool.put").replace(`c.Question, c.answer, c.err = noQuestion, noAnswer, nil`, `c.Question, c.answer = noQuestion, noAnswer`),
	}},
	{name: "an asker waits for an owner that has stopped", caught: true, tests: "actors/internal/ask", run: "Test", edits: []edit{
		ask.in("Pool.Ask").replace(`owner.Done()`, `(chan struct{})(nil)`),
	}},

	// Pages.
	{name: "a page of the second before", caught: true, run: "TestHealthChecks", flags: quick, edits: []edit{
		healthz.in("Source.kept").replace(`now.Unix()`, `int64(0)`),
	}},
	{name: "a page without the last result", caught: true, run: "TestHealthChecks", flags: quick, edits: []edit{
		healthz.in("Source.kept").replace(`s.shared.Published()`, `uint64(0)`),
	}},
	{name: "a page from before the drain", caught: true, tests: "tests/http", run: "Test", edits: []edit{
		healthz.in("Source.kept").replace(`s.isDraining()`, `false`),
	}},
	{name: "the second best format", caught: true, tests: healthz, run: "Test", edits: []edit{
		healthz.in("choose").replace(`q > bestQ`, `q >= bestQ`),
	}},
	{name: "a format that is refused", caught: true, tests: healthz, run: "Accept", edits: []edit{
		healthz.in("choose").replace(`best, bestQ := formatText, 0.0`, `best, bestQ := formatText, -1.0`),
	}},
	{name: "a group counts a check twice", caught: true, run: "SeveralGroups", edits: []edit{
		healthz.in("Set.union").replace(`members[c.Name()] = c`, `members[name+c.Name()] = c`),
	}},
	{name: "an optional check makes all unhealthy", caught: true, run: "TestHealthChecks", flags: quick, edits: []edit{
		healthz.in("Source.Status").replace(`c.Config().Optional`, `false`),
	}},
}
