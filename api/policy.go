package api

import (
	"context"
	"fmt"

	"github.com/understudy-go/understudy/api/internal/pipeline"
)

// Func is a call that yields a T.
type Func[T any] = func(ctx context.Context) (T, error)

// Policy guards calls: a *Breaker, a *Retry, a TimeoutConfig, an Around, what
// Compose returns, or a struct that embeds one of them. A nil Policy runs the
// call plainly. One that was not made by its constructor is a *ConfigError when
// it is used, and the call is not run.
type Policy interface{ stage() pipeline.Stage }

// Around is a Policy of the user's own: a function that runs around the call. It
// calls next once, before it returns, or not at all; if it then returns nil, the
// call yields the zero value. A second or later next is a *ConfigError and runs
// nothing. The ctx that it gives next is the call's.
//
// A call with an Around in it allocates; others do not pay for that.
type Around func(ctx context.Context, next func(context.Context) error) error

func (a Around) stage() pipeline.Stage {
	if a == nil {
		return unusable("must not be a nil Around")
	}
	return pipeline.Stage{Shape: pipeline.IsAround, Around: a}
}

// composed is what Compose returns.
type composed struct{ *pipeline.Line }

func (c composed) stage() pipeline.Stage {
	return pipeline.Stage{Shape: pipeline.IsLine, Line: c.Line}
}

// Compose stacks policies, the outermost first: Compose(timeout, retry,
// breaker) bounds the whole call; Compose(retry, breaker, timeout) bounds each
// attempt. nil policies are left out.
func Compose(outermostFirst ...Policy) Policy {
	var stages []pipeline.Stage
	for _, p := range outermostFirst {
		if p != nil {
			stages = append(stages, stageOf(p))
		}
	}
	return composed{pipeline.New(stages...)}
}

// stageOf returns the stage of a policy; the zero Stage, which runs the call
// plainly, for nil.
func stageOf(p Policy) pipeline.Stage {
	switch p := p.(type) {
	case nil:
		return pipeline.Stage{}
	case *Breaker:
		return p.stage()
	case *Retry:
		return p.stage()
	case TimeoutConfig:
		return p.stage()
	case composed:
		return p.stage()
	}
	return promoted(p)
}

// promoted returns the stage of a policy that may be embedded in another type.
// A nil pointer on the way to it is unusable.
func promoted(p Policy) (s pipeline.Stage) {
	defer func() {
		if recover() != nil {
			s = unusable(fmt.Sprintf("must not be a nil %T", p))
		}
	}()
	return p.stage()
}

func unusable(problem string) pipeline.Stage {
	return pipeline.Stage{Shape: pipeline.IsUnusable, Err: &ConfigError{Kind: "policy", Field: "Policy", Problem: problem}}
}

// Do calls fn under p. When that fails, the fallbacks are tried in order, each
// until one succeeds, with the caller's ctx, and outside of p; Cause returns to
// them why. If all of them fail, Do returns a *FallbackError. If ctx is done, no
// fallback runs, and the error of ctx is joined with fn's. If ctx is done before
// fn has run, Do returns its error. Panics in fn reach the caller.
//
// Under breakers, retries and cooperative timeouts fn runs in the caller's
// goroutine and Do itself allocates nothing on success; under any other Timeout
// fn runs in a goroutine of its own.
func Do[T any](ctx context.Context, p Policy, fn Func[T], fallbacks ...Func[T]) (T, error) {
	if fn != nil && len(fallbacks) == 0 { // the shortest ways for the most common policies
		var v T
		switch p := p.(type) {
		case *Breaker:
			err := p.Run(ctx, func(ctx context.Context) (err error) {
				v, err = fn(ctx)
				return err
			})
			return v, err
		case *Retry:
			err := p.Run(ctx, func(ctx context.Context) (err error) {
				v, err = fn(ctx)
				return err
			})
			return v, err
		case composed:
			if p.InPlace() {
				err := p.Start(ctx, func(ctx context.Context) (err error) {
					v, err = fn(ctx)
					return err
				})
				return v, err
			}
		}
	}
	v, runtime, err := do(ctx, p, fn)
	if err == nil || len(fallbacks) == 0 || ctx == nil {
		return v, err
	}
	return pipeline.FallBack(ctx, "", runtime, err, fallbacks)
}

// do runs fn under p, without fallbacks. It also returns where p reports what
// happens; nil: nowhere.
func do[T any](ctx context.Context, p Policy, fn Func[T]) (v T, runtime pipeline.Runtime, err error) {
	s := stageOf(p)
	runtime = s.FirstRuntime()
	if err = pipeline.Validate(ctx, fn == nil); err == nil {
		v, err = pipeline.Do(ctx, &s, fn)
	}
	return v, runtime, err
}

// Run is Do for a call that yields nothing.
func Run(ctx context.Context, p Policy, fn func(context.Context) error, fallbacks ...func(context.Context) error) error {
	s := stageOf(p)
	err := pipeline.Validate(ctx, fn == nil)
	if err == nil {
		err = pipeline.Run(ctx, &s, fn)
	}
	if err == nil || len(fallbacks) == 0 || ctx == nil {
		return err
	}
	alternatives := make([]Func[struct{}], len(fallbacks))
	for i, f := range fallbacks {
		alternatives[i] = pipeline.WithoutValue(f)
	}
	_, err = pipeline.FallBack(ctx, "", s.FirstRuntime(), err, alternatives)
	return err
}

// Wrap returns fn guarded by p and the fallbacks: the decorator. It behaves as
// Do does.
func Wrap[T any](p Policy, fn Func[T], fallbacks ...Func[T]) Func[T] {
	return func(ctx context.Context) (T, error) { return Do(ctx, p, fn, fallbacks...) }
}

// Wrap1 is Wrap for a function of one argument, which the fallbacks get too.
func Wrap1[A, T any](p Policy, fn func(context.Context, A) (T, error), fallbacks ...func(context.Context, A) (T, error)) func(context.Context, A) (T, error) {
	return func(ctx context.Context, a A) (T, error) {
		bound := make([]Func[T], len(fallbacks))
		for i, f := range fallbacks {
			bound[i] = bind(f, a)
		}
		return Do(ctx, p, bind(fn, a), bound...)
	}
}

func bind[A, T any](fn func(context.Context, A) (T, error), a A) Func[T] {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context) (T, error) { return fn(ctx, a) }
}

// Attempt returns which attempt of the innermost Retry this ctx is for: 1, 2,
// 3, ...; 1 anywhere else.
func Attempt(ctx context.Context) int { return pipeline.Attempt(ctx) }

// Cause returns, in a fallback, all errors so far, joined; anywhere else nil.
func Cause(ctx context.Context) error { return pipeline.Cause(ctx) }
