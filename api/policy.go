package api

import (
	"context"
	"fmt"

	"github.com/understudy-go/understudy/api/internal/pipeline"
)

// Func is a function that returns a T or an error.
type Func[T any] = func(ctx context.Context) (T, error)

// Policy guards calls. It is a *Breaker, a *Retry, a TimeoutConfig, an Around, a
// *Switch, the result of Compose or Cooperative, or a struct that embeds one of them.
// A nil Policy guards nothing: the call just runs. Under a Policy that did not come
// from its constructor, calls do not run and return a *ConfigError.
type Policy interface{ stage() pipeline.Stage }

// Around is a user-defined Policy: a function that runs around the call. It must
// call next at most once, and before it returns. The call receives the ctx that
// is given to next. If the Around returns nil without calling next, the call
// returns the zero value. Any other call of next runs nothing and returns a
// *ConfigError.
//
// A call through an Around allocates. Other calls do not pay for that.
type Around func(ctx context.Context, next func(context.Context) error) error

func (a Around) stage() pipeline.Stage {
	if a == nil {
		return unusable("must not be a nil Around")
	}
	return pipeline.Stage{Shape: pipeline.IsAround, Around: a}
}

// composed is the Policy that Compose returns.
type composed struct{ *pipeline.Line }

func (c composed) stage() pipeline.Stage {
	return pipeline.Stage{Shape: pipeline.IsLine, Line: c.Line}
}

// Compose combines policies into one, the outermost first: Compose(timeout, retry,
// breaker) bounds the whole call; Compose(retry, breaker, timeout) bounds each
// attempt. nil policies are ignored.
func Compose(outermostFirst ...Policy) Policy {
	var stages []pipeline.Stage
	for _, p := range outermostFirst {
		if p != nil {
			stages = append(stages, stageOf(p))
		}
	}
	return composed{pipeline.New(stages...)}
}

// stageOf returns the stage of a policy. For nil it returns the zero Stage, which
// guards nothing.
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

// promoted returns the stage of a policy that may be embedded in another type. If
// a pointer on the way to its stage method is nil, the method panics, and the
// policy is unusable.
func promoted(p Policy) (s pipeline.Stage) {
	defer func() {
		if recover() != nil {
			s = unusable(fmt.Sprintf("must not be a nil %T", p))
		}
	}()
	return p.stage()
}

// unusable returns a stage under which calls do not run and return a *ConfigError.
func unusable(problem string) pipeline.Stage {
	return pipeline.Stage{Shape: pipeline.IsUnusable, Err: &ConfigError{Kind: "policy", Field: "Policy", Problem: problem}}
}

// Do calls fn under p. If that fails, Do calls the fallbacks in order until one
// succeeds. Fallbacks run outside p, with the caller's ctx; in a fallback, Cause
// returns the errors so far. If all of them fail, Do returns a *FallbackError. A nil
// ctx, fn or fallback is a *ConfigError.
//
// If ctx is done before fn has run, Do returns the error of ctx. If it is done
// after fn has failed, no further fallback runs, and Do returns the error of ctx
// joined with the errors so far. A panic in fn reaches the caller.
//
// Under a Timeout that is not Cooperative, fn runs in another goroutine; otherwise
// it runs in the caller's. Under breakers and retries a call that succeeds at its
// first attempt allocates nothing.
func Do[T any](ctx context.Context, p Policy, fn Func[T], fallbacks ...Func[T]) (T, error) {
	if fn != nil && len(fallbacks) == 0 { // fast paths for the most common policies
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
			return pipeline.Kept(v, err), err
		case composed:
			if p.InPlace() {
				err := p.Start(ctx, func(ctx context.Context) (err error) {
					v, err = fn(ctx)
					return err
				})
				return pipeline.Kept(v, err), err
			}
		}
	}
	s := stageOf(p)
	s.Resolve()
	var v T
	err := pipeline.Validate(ctx, fn == nil)
	if err == nil {
		v, err = pipeline.Do(ctx, &s, fn)
	}
	if err == nil || len(fallbacks) == 0 || ctx == nil {
		return pipeline.Kept(v, err), err
	}
	runtime, known := s.Events()
	return pipeline.FallBack(ctx, "", runtime, known, err, fallbacks)
}

// Run is Do for a function without a result.
func Run(ctx context.Context, p Policy, fn func(context.Context) error, fallbacks ...func(context.Context) error) error {
	s := stageOf(p)
	s.Resolve()
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
	runtime, known := s.Events()
	_, err = pipeline.FallBack(ctx, "", runtime, known, err, alternatives)
	return err
}

// Wrap returns a function that calls fn under p, with the fallbacks, as Do does:
// the decorator.
func Wrap[T any](p Policy, fn Func[T], fallbacks ...Func[T]) Func[T] {
	return func(ctx context.Context) (T, error) { return Do(ctx, p, fn, fallbacks...) }
}

// Wrap1 is Wrap for a function of one argument. The fallbacks receive the argument
// too.
func Wrap1[A, T any](p Policy, fn func(context.Context, A) (T, error), fallbacks ...func(context.Context, A) (T, error)) func(context.Context, A) (T, error) {
	return func(ctx context.Context, a A) (T, error) {
		bound := make([]Func[T], len(fallbacks))
		for i, f := range fallbacks {
			bound[i] = bind(f, a)
		}
		return Do(ctx, p, bind(fn, a), bound...)
	}
}

// bind returns fn with its argument fixed; nil for nil.
func bind[A, T any](fn func(context.Context, A) (T, error), a A) Func[T] {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context) (T, error) { return fn(ctx, a) }
}

// Attempt returns the number of the attempt of the innermost Retry that ctx
// belongs to: 1, 2, 3, ...; outside a Retry it returns 1.
func Attempt(ctx context.Context) int { return pipeline.Attempt(ctx) }

// Cause returns, in a fallback, all errors so far, joined. Elsewhere it returns
// nil.
func Cause(ctx context.Context) error { return pipeline.Cause(ctx) }
