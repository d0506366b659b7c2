package pipeline

import (
	"context"
	"errors"
)

// scope is what surrounds a call: a timeout, or an attempt of a loop. The ctx of the
// call leads to the innermost scope.
type scope struct {
	outer   *scope
	attempt int              // the number of the innermost attempt; 0: no loop
	loop    *attemptContext  // the attempt that this scope is; nil: it is a timeout
	timeout *deadlineContext // the innermost timeout, this scope or one around it; nil: none
	hard    *detached        // the innermost hard timeout, this scope or one around it; nil: none
}

type scopeKey struct{}

// scopeOf returns the innermost scope of ctx; nil: none.
func scopeOf(ctx context.Context) *scope {
	s, _ := ctx.Value(scopeKey{}).(*scope)
	return s
}

// around returns the scope of a call with that ctx. It leaves out the timeouts that
// the call is outside of, because ctx outlives them.
func around(ctx context.Context) scope {
	s := scopeOf(ctx)
	if s == nil {
		return scope{}
	}
	in := scope{outer: s, attempt: s.attempt, timeout: s.timeout, hard: s.hard}
	switch ctx.(type) {
	case *deadlineContext, *attemptContext: // it is the ctx of the scope itself
		return in
	}
	for in.timeout != nil && !in.timeout.bounds(ctx) {
		in.timeout = in.timeout.outerTimeout
	}
	for in.hard != nil && !in.hard.bounds(ctx) {
		in.hard = in.hard.outerHard
	}
	return in
}

// bounds reports whether ctx ends at the limit at the latest. A timeout that was over
// before its limit, because its call returned or its caller left, does not bound a ctx
// that goes on.
func (d *deadlineContext) bounds(ctx context.Context) bool {
	at, ok := ctx.Deadline()
	if !ok {
		return false
	}
	if limit, _ := d.Deadline(); at.After(limit) {
		return false
	}
	return !d.over.Load() || errors.Is(d.err, context.DeadlineExceeded) || ctx.Err() != nil
}

// attemptContext is the ctx of an attempt of a loop.
type attemptContext struct {
	context.Context
	scope
	holds holds
}

// Value returns the scope for its key, and the values of the ctx around.
func (a *attemptContext) Value(key any) any {
	if _, ok := key.(scopeKey); ok {
		return &a.scope
	}
	return a.Context.Value(key)
}

// withAttempt returns the ctx of an attempt of a loop, whose scope knows what the
// attempt holds. The first attempt uses ctx itself if it can: if ctx belongs to no later
// attempt of an outer loop, and to no timeout other than that of the loop's own line.
func withAttempt(ctx context.Context, number int, inLine bool) context.Context {
	s := scopeOf(ctx)
	switch {
	case number > 1 || s != nil && s.attempt > 1 || s != nil && s.timeout != nil && !inLine:
		a := &attemptContext{Context: ctx, scope: around(ctx)}
		a.attempt, a.loop = number, a
		return a
	case s != nil && s.timeout != nil:
		s.timeout.looped = true
	}
	return ctx
}

// Attempt returns the number of the attempt of the innermost loop that ctx
// belongs to: 1, 2, 3, ...; outside a loop it returns 1.
func Attempt(ctx context.Context) int {
	if ctx != nil {
		if s := scopeOf(ctx); s != nil {
			return max(s.attempt, 1)
		}
	}
	return 1
}
