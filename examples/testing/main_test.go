package main

import (
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	main()
	// Output:
	// order 1: receipt of order 1
	// order 2, with a stolen card: declined
	// order 3 waits in the queue
	// order 3: queued
}
