// Package pipeline runs a guarded call. A policy is a Stage of one of four
// shapes; a Line is several stages, the outermost first.
//
//	gate     admits a call and is told once how it ended (gate.go): breaker
//	loop     runs the call again (loop.go): retry
//	detach   leaves the caller's goroutine (detach.go): a hard timeout
//	value    replaces the result (value.go): fallbacks
//
// A cooperative timeout bounds the call where it is (attach.go), and Around is
// a function of the user's in the line (around.go).
//
// Gates and retry policies never see the function they guard, so no closure
// escapes to the heap, and a call through them allocates nothing. At the first hard timeout
// or Around a Line is cut: what is outside runs in the common interpreter
// (line.go), what is inside is a Line of its own that may allocate.
package pipeline
