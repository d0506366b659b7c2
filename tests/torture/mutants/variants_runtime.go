package main

// inSystem makes a change that the tests of package system must notice.
func inSystem(name, run string, edits ...edit) variant {
	return variant{name: name, caught: true, tests: system, run: run, edits: edits}
}

// runtimeOfOwners are the changes of the runtime: mailboxes, restarts, the end,
// events and the log.
var runtimeOfOwners = []variant{
	inSystem("a stopped mailbox leaves the rest to others", "TestAStoppedMailboxLeaves",
		system.in("mailbox.run").drop(`m.stopped`)),
	inSystem("a sender of a stopped mailbox leaves its question to the others", "TestEverySender",
		system.in("mailbox.PostUserMessage").replace(`m.stopped`, `false`)),
	inSystem("Stop does not end a suspension", "TestStopEnds",
		system.in("mailbox.deliver").replace(`m.stopped, m.suspended = true, false`, `m.stopped = true`)),
	inSystem("a stopped mailbox can be suspended", "TestAStoppedMailboxIsNot",
		system.in("mailbox.deliver").replace(`m.suspended = !m.stopped`, `m.suspended = true`)),
	inSystem("restarts that are due survive the shutdown", "TestRestartsThatAreDue",
		system.in("backoff.stop").remove(`clear(_)`), system.in("backoff.stop").replace(`t.Stop()`, `_ = t`)),
	inSystem("restarts begin after the shutdown", "TestRestartsThatAreDue",
		system.in("backoff.after").replace(`b.stopped`, `false`)),
	inSystem("crashes are never forgiven", "TestCrashesAreForgiven",
		system.in("backoff.HandleFailure").replace(`stats.NumberOfFailures(_...) == 0`, `false`)),
	inSystem("a kind is spawned without a look at closing", "TestNothingIsSpawned",
		system.in("System.supervisor").remove(`return nil, messages.ErrShutdown`)),
	inSystem("a supervisor spawns while it stops", "TestASupervisorThatStops",
		system.in("parent.Receive").inCase("*spawn").replace(`p.stopping`, `false`)),
	inSystem("Subscribe works after the end", "TestAfterTheEnd",
		system.in("hub.subscribe").drop(`h.closed`)),
	inSystem("events of calls displace changes", "TestChangesWait",
		system.in("laneOf").replace(`calls`, `changes`), system.in("subscriber.put").replace(`laneLimits[to]`, `laneLimits[calls]`)),
	inSystem("a subscriber that ends its goroutine is silent for good", "TestASubscriberMayEnd",
		system.in("subscriber.run").remove(`s.start(wg)`)),
	inSystem("a first event that is never written is not summed up", "TestAFirstEvent",
		system.in("tallies.take").replace(`t.counts[kind].Load() + _`, `t.counts[kind].Load()`)),
	{name: "a change is emitted before it is published", caught: true, tests: breaker, run: "TestAChangeIsPublished", edits: []edit{
		breaker.in("ownerState.step").replace(`o.publish(_...)`, `defer $`),
	}},
	{name: "two first failures spawn two owners", caught: true, tests: "actors/retry", run: "TestTwoFirstFailures", edits: []edit{
		bench.in("Once.Get").remove(`o.making.Lock()`),
		bench.in("Once.Get").remove(`defer o.making.Unlock()`),
	}},
}
