// Package torture tries to break the library from outside. It compares concurrent
// histories with a sequential breaker (linear_test.go, spec_test.go) and random
// steps with naive models (machine_test.go, budget_test.go, checkmachine_test.go),
// compares calls under random trees of policies with a model (tree_test.go),
// simulates whole systems from a seed (simulation_test.go, faults_test.go,
// audit_test.go), lets all code of the users misbehave (hostile_test.go), crashes
// owners (crash_test.go), and overloads them (overload_test.go). It holds tests only.
//
//	go test ./tests/torture                    a short run, seconds
//	go test ./tests/torture -more 100          a hundred times as many histories and systems
//	go test ./tests/torture -days 7            a week of virtual time in each system
//	go test ./tests/torture -steps 1000000     a million steps of each random machine; with -timeout 1h
//	go test ./tests/torture -seed 42           another seed; a failure names its seed
//	go run ./tests/torture/mutants             breaks the library on purpose; the tests must notice
//	make woven                                 yields before every statement of the protocol
//
// What a seed replays: in a simulated system all that happens to breakers,
// callers, retries and checks, the runs of checks and probes and the restarts
// after crashes included, to the nanosecond (TestASeedReplaysExactly). It does not
// replay the order in which goroutines run that are ready at the same nanosecond,
// of which histories are made: there a failure prints the whole history, and its
// seed most often finds it again. A random machine prints what it drew, and a
// value for -rapid.seed.
package torture
