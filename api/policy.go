package api

import (
	"context"

	"github.com/understudy-go/understudy/system"
)

// Func is a call that yields a T.
type Func[T any] = func(ctx context.Context) (T, error)

// Policy guards calls: a *Breaker, a *Retry, a TimeoutConfig, or what Compose
// returns; anything else, such as a pointer to a TimeoutConfig or a struct that
// embeds a *Breaker, is a *ConfigError when it is used, and the call is not run.
// A nil Policy runs the call plainly.
type Policy interface{ policy() }

// Do calls fn under p. When that fails, the fallbacks are tried in order, each
// until one succeeds, with the caller's ctx, and outside of p; Cause tells them
// why. All failed: *FallbackError. A ctx that is done is served no fallbacks:
// its error is joined with fn's. A ctx that is done before fn has run is its
// own error. Panics in fn reach the caller.
//
// Under breakers, retries and cooperative timeouts fn runs in the caller's
// goroutine and Do itself allocates nothing on success; under any other Timeout
// it runs in one of its own.
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
		case *plan:
			if p.hard == nil && p.outer != nil {
				err := p.outer.start(ctx, func(ctx context.Context) (err error) {
					v, err = fn(ctx)
					return err
				})
				return v, err
			}
		}
	}
	v, err := do(ctx, p, fn)
	if err == nil || len(fallbacks) == 0 || ctx == nil {
		return v, err
	}
	return fallBack(ctx, "", systemOf(p), err, fallbacks)
}

// Run is Do for a call that yields nothing.
func Run(ctx context.Context, p Policy, fn func(context.Context) error, fallbacks ...func(context.Context) error) error {
	err := run(ctx, p, fn)
	if err == nil || len(fallbacks) == 0 || ctx == nil {
		return err
	}
	alternatives := make([]Func[struct{}], len(fallbacks))
	for i, f := range fallbacks {
		alternatives[i] = valued(f)
	}
	_, err = fallBack(ctx, "", systemOf(p), err, alternatives)
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

// valued makes a Func of a function that yields nothing.
func valued(fn func(context.Context) error) Func[struct{}] {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context) (struct{}, error) { return struct{}{}, fn(ctx) }
}

// do runs fn under p. Only a hard timeout lets fn escape.
func do[T any](ctx context.Context, p Policy, fn Func[T]) (v T, err error) {
	if err := checkCall(ctx, fn == nil); err != nil {
		return v, err
	}
	switch p := p.(type) {
	case nil:
		return fn(ctx)
	case *plan:
		return descend(ctx, p, fn)
	case TimeoutConfig:
		if !p.Cooperative {
			return hard(ctx, nil, p, nil, fn)
		}
	}
	l := layer{policy: p}
	err = l.run(ctx, func(ctx context.Context) (err error) {
		v, err = fn(ctx)
		return err
	})
	return v, err
}

// run is do for a call that yields nothing: it needs no adapter unless a hard
// timeout is in p.
func run(ctx context.Context, p Policy, fn func(context.Context) error) error {
	if err := checkCall(ctx, fn == nil); err != nil {
		return err
	}
	switch p := p.(type) {
	case nil:
		return fn(ctx)
	case *plan:
		if p.hard == nil {
			return p.outer.run(ctx, fn)
		}
		_, err := descend(ctx, p, valued(fn))
		return err
	case TimeoutConfig:
		if !p.Cooperative {
			_, err := hard(ctx, nil, p, nil, valued(fn))
			return err
		}
	}
	l := layer{policy: p}
	return l.run(ctx, fn)
}

// descend runs fn under p: its outer layers guard the call in this goroutine,
// the rest is run in the hard timeout's.
func descend[T any](ctx context.Context, p *plan, fn Func[T]) (v T, err error) {
	switch {
	case p.hard == nil:
		err = p.outer.run(ctx, func(ctx context.Context) (err error) {
			v, err = fn(ctx)
			return err
		})
	case p.outer == nil:
		return hard(ctx, p.sys, *p.hard, p.inner, fn)
	default:
		err = p.outer.run(ctx, func(ctx context.Context) (err error) {
			v, err = hard(ctx, p.sys, *p.hard, p.inner, fn)
			return err
		})
	}
	return v, err
}

// systemOf returns the system of the first breaker or retry in p, to which
// timeouts and fallbacks report what happened; nil if there is none.
func systemOf(p Policy) *system.System {
	switch p := p.(type) {
	case *Breaker:
		if p.isMade() {
			return p.sys.sys
		}
	case *Retry:
		if p.isMade() {
			return p.sys.sys
		}
	case *plan:
		return p.sys
	}
	return nil
}
