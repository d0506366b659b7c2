// Package pipeline runs a guarded call. A policy is a Stage of one of four
// shapes; a Line is several stages, the outermost first.
//
//	gate     admits a call and receives its outcome once (gate.go): breaker
//	loop     runs the call again (loop.go): retry
//	detach   runs the call in another goroutine (detach.go): a hard timeout
//	value    replaces the result (value.go): fallbacks
//
// A cooperative timeout bounds the call in the caller's goroutine (attach.go, expiry.go).
// Around is a policy that the user writes (around.go).
//
// Gates and retry policies never receive the function that they guard, so no
// closure escapes to the heap and a call through them allocates nothing. The
// first hard timeout or Around is a boundary that divides a Line: the stages
// outside it run without escaping closures (line.go); the stages inside it form
// another Line, whose closures may escape.
package pipeline
