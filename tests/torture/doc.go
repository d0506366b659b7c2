// Package torture tries to break the library from outside: concurrent histories
// judged against a sequential breaker (linear_test.go, spec_test.go), random
// machines against naive models (machine_test.go, budget_test.go), whole systems
// simulated from a seed (simulation_test.go), storms and bad input
// (overload_test.go). It holds tests only.
//
//	go test ./tests/torture                    a short run, seconds
//	go test ./tests/torture -more 100          a hundred times as many histories and systems
//	go test ./tests/torture -steps 1000000     a million steps of each random machine
//	go test ./tests/torture -seed 42           other luck; a failure names its seed
//	go run ./tests/torture/mutants             breaks the breaker on purpose; the histories must notice
package torture
