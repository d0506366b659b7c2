package pipeline

import (
	"cmp"
	"context"
	"slices"
	"sync/atomic"

	"github.com/understudy-go/understudy/messages"
)

// Line is a compiled list of stages: the stages outside the first boundary, which
// run in the caller's goroutine without escaping closures, then the boundary,
// then the line inside it. The zero Line has no stages: the call just runs.
type Line struct {
	source   []Stage // all of them, the outermost first, as they were given
	outer    *Stage  // the first stage outside the boundary; nil: none
	boundary *Stage  // a hard timeout or an Around; nil: none
	inner    *Line   // inside the boundary
	runtime  Runtime // that all stages use: of the outermost stage that has one; nil: none
	name     string  // of the outermost retry; without one, of the outermost gate

	hasSwitch bool                     // calls run under Resolve
	resolved  atomic.Pointer[resolved] // the last result of Resolve
}

// empty is the inner line of a boundary that is used without Compose.
var empty Line

// New compiles stages, the outermost first. A stage that is a line is replaced
// by the stages of that line.
func New(stages ...Stage) *Line {
	var all []Stage
	for _, s := range stages {
		switch s.Shape {
		case IsLine:
			all = append(all, s.Line.source...)
		case Plain:
		default:
			all = append(all, s)
		}
	}
	return newLine(all)
}

func newLine(source []Stage) *Line {
	for _, s := range source {
		if s.Shape == IsSwitch {
			return &Line{source: source, hasSwitch: true}
		}
	}
	l := compile(slices.Clone(source), runtimeOf(source), nameOf(source), surroundings{})
	l.source = source
	return l
}

// runtimeOf returns the runtime of the outermost stage that has one; nil: none.
func runtimeOf(stages []Stage) Runtime {
	for _, s := range stages {
		if s.Runtime != nil {
			return s.Runtime
		}
	}
	return nil
}

// nameOf returns the name that calls under these stages are known by in events.
func nameOf(stages []Stage) (name string) {
	for i := range stages {
		if stages[i].Shape == IsRetry {
			return stages[i].name()
		}
		name = cmp.Or(name, stages[i].name())
	}
	return name
}

// compile links stages into a Line, and gives all of them the same runtime and name.
// The calls of the first of them run inside in.
func compile(stages []Stage, runtime Runtime, name string, in surroundings) *Line {
	l := &Line{runtime: runtime, name: name}
	next := &l.outer
	for i := range stages {
		s := &stages[i]
		s.self, s.Runtime, s.known, s.inner, s.in = s, runtime, name, nil, in
		in = in.of(s)
		if s.isBoundary() {
			l.boundary, l.inner = s, compile(stages[i+1:], runtime, name, in)
			break
		}
		*next = s
		next = &s.inner
	}
	return l
}

// Events returns the runtime that events of calls under the stage go to, nil: none,
// and the name that the calls are known by.
func (s *Stage) Events() (runtime Runtime, name string) {
	if s.Shape == IsLine {
		return s.Line.runtime, s.Line.name
	}
	return s.Runtime, s.name()
}

// isEmpty reports whether the line has no stage.
func (l *Line) isEmpty() bool { return l.outer == nil && l.boundary == nil }

// InPlace reports whether the line has stages and no boundary: Start can run a
// call under it. The compiler inlines InPlace.
func (l *Line) InPlace() bool { return l.boundary == nil && l.outer != nil }

// Start runs fn under a line for which InPlace is true. ctx may be done or nil;
// then Start returns the error of Validate.
func (l *Line) Start(ctx context.Context, fn func(context.Context) error) error {
	if err := Validate(ctx, false); err != nil {
		return err
	}
	return l.outer.run(ctx, fn)
}

// Validate returns why a call cannot start: a *ConfigError if ctx or the function
// is nil, or the error of a ctx that is done; nil if the call can start.
func Validate(ctx context.Context, noFn bool) error {
	switch {
	case ctx == nil:
		return &messages.ConfigError{Kind: "call", Field: "ctx", Problem: messages.MustNotBeNil}
	case noFn:
		return &messages.ConfigError{Kind: "call", Field: "fn", Problem: messages.MustNotBeNil}
	}
	return ctx.Err()
}

// Do runs fn under a stage. Validate has accepted ctx and fn. Closures escape
// only if the stage is, or contains, a boundary.
func Do[T any](ctx context.Context, s *Stage, fn func(context.Context) (T, error)) (v T, err error) {
	switch {
	case s.Shape == IsLine:
		return do(ctx, s.Line, fn)
	case s.isBoundary():
		return cross(ctx, s, &empty, fn)
	}
	err = s.run(ctx, func(ctx context.Context) (err error) {
		v, err = fn(ctx)
		return err
	})
	return v, err
}

// Run is Do for a function without a result.
func Run(ctx context.Context, s *Stage, fn func(context.Context) error) error {
	switch {
	case s.Shape == IsLine && s.Line.boundary == nil:
		return s.Line.outer.run(ctx, fn)
	case s.Shape == IsLine && s.Line.outer == nil && s.Line.boundary.Shape == IsTimeout && s.Line.boundary.Timeout.Limit > 0:
		if err := s.Line.inner.refuse(ctx); err != nil { // before WithoutValue allocates
			return err
		}
	}
	if s.Shape == IsLine || s.isBoundary() {
		_, err := Do(ctx, s, WithoutValue(fn))
		return err
	}
	return s.run(ctx, fn)
}

// WithoutValue gives a function without a result an empty one. It returns nil
// for nil.
func WithoutValue(fn func(context.Context) error) func(context.Context) (struct{}, error) {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) }
}

// do runs fn under a line: under its outer stages, then across its boundary.
func do[T any](ctx context.Context, l *Line, fn func(context.Context) (T, error)) (v T, err error) {
	switch {
	case l.boundary == nil:
		err = l.outer.run(ctx, func(ctx context.Context) (err error) {
			v, err = fn(ctx)
			return err
		})
	case l.outer == nil:
		return cross(ctx, l.boundary, l.inner, fn)
	default:
		err = l.outer.run(ctx, func(ctx context.Context) (err error) {
			v, err = cross(ctx, l.boundary, l.inner, fn)
			return err
		})
	}
	return v, err
}

// cross runs fn across a boundary, under the line inside it.
func cross[T any](ctx context.Context, boundary *Stage, inner *Line, fn func(context.Context) (T, error)) (T, error) {
	if boundary.Shape == IsAround {
		return runAround(ctx, boundary.Around, inner, fn)
	}
	return runDetached(ctx, boundary, inner, fn)
}

// run runs fn under s and the stages inside s, up to the boundary. It is where a
// policy is applied to a call. Validate has accepted ctx and fn.
func (s *Stage) run(ctx context.Context, fn func(context.Context) error) error {
	if s == nil {
		return fn(ctx)
	}
	inner := fn
	if s.inner != nil {
		inner = func(ctx context.Context) error { return s.inner.run(ctx, fn) }
	}
	switch s.Shape {
	case IsBreaker:
		return runBreaker(ctx, s.Breaker, inner, s.in.ends)
	case IsRetry:
		return runRetry(ctx, s.Retry, inner, s.in.timeout)
	case IsGate:
		return runGate(ctx, s.Gate, inner, s.in.ends)
	case IsTimeout:
		return runAttached(ctx, s, inner)
	case IsUnusable:
		return s.Err
	}
	return inner(ctx)
}
