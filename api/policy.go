package api

import (
	"context"
	"fmt"
	"slices"

	"github.com/understudy-go/understudy/system"
)

// Func is a call that yields a T.
type Func[T any] = func(ctx context.Context) (T, error)

// Policy guards calls: a *Breaker, a *Retry, a TimeoutConfig, or what Compose
// returns; anything else, such as a pointer to a TimeoutConfig or a struct that
// embeds a *Breaker, is a *ConfigError when it is used, and the call is not run.
// A nil Policy runs the call plainly.
type Policy interface{ policy() }

// plan is several policies, the outermost first.
type plan struct {
	list []Policy
	hard int            // where the first hard timeout is; -1: there is none
	sys  *system.System // as systemOf has it
}

func (*plan) policy() {}

// Compose stacks policies, the outermost first: Compose(timeout, retry,
// breaker) bounds the whole call; Compose(retry, breaker, timeout) bounds each
// attempt. nil policies are left out.
func Compose(outermostFirst ...Policy) Policy {
	p := &plan{}
	for _, policy := range outermostFirst {
		switch policy := policy.(type) {
		case nil:
		case *plan:
			p.list = append(p.list, policy.list...)
		default:
			p.list = append(p.list, policy)
		}
	}
	p.hard = firstHard(p.list)
	for _, policy := range p.list {
		if p.sys = systemOf(policy); p.sys != nil {
			break
		}
	}
	return p
}

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
	if b, ok := p.(*Breaker); ok && fn != nil { // the shortest way for the most common policy
		err = b.Run(ctx, func(ctx context.Context) (err error) {
			v, err = fn(ctx)
			return err
		})
		return v, err
	}
	if err := checkCall(ctx, fn == nil); err != nil {
		return v, err
	}
	switch p := p.(type) {
	case nil:
		return fn(ctx)
	case *plan:
		return descend(ctx, p.sys, p.list, p.hard, fn)
	case TimeoutConfig:
		if !p.Cooperative {
			return hard(ctx, nil, p, nil, fn)
		}
	}
	err = guard(ctx, nil, p, nil, func(ctx context.Context) (err error) {
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
	list, isPlan := p.(*plan)
	switch {
	case isHard(p) || isPlan && list.hard >= 0:
		_, err := do(ctx, p, valued(fn))
		return err
	case isPlan:
		return guardAll(ctx, list.sys, list.list, fn)
	}
	return guard(ctx, nil, p, nil, fn)
}

// descend runs fn under list: the policies before the first hard timeout guard
// the call in this goroutine, the rest is run in the timeout's.
func descend[T any](ctx context.Context, sys *system.System, list []Policy, firstHard int, fn Func[T]) (v T, err error) {
	switch {
	case firstHard < 0:
		err = guardAll(ctx, sys, list, func(ctx context.Context) (err error) {
			v, err = fn(ctx)
			return err
		})
	case firstHard == 0:
		return hard(ctx, sys, list[0].(TimeoutConfig), list[1:], fn)
	default:
		err = guardAll(ctx, sys, list[:firstHard], func(ctx context.Context) (err error) {
			v, err = hard(ctx, sys, list[firstHard].(TimeoutConfig), list[firstHard+1:], fn)
			return err
		})
	}
	return v, err
}

func guardAll(ctx context.Context, sys *system.System, list []Policy, fn func(context.Context) error) error {
	if len(list) == 0 {
		return fn(ctx)
	}
	return guard(ctx, sys, list[0], list[1:], fn)
}

// guard runs fn under p and then rest, none of them a hard timeout. It is where
// a policy meets a call.
func guard(ctx context.Context, sys *system.System, p Policy, rest []Policy, fn func(context.Context) error) error {
	inner := fn
	if len(rest) > 0 {
		inner = func(ctx context.Context) error { return guard(ctx, sys, rest[0], rest[1:], fn) }
	}
	switch p := p.(type) {
	case *Breaker:
		return p.Run(ctx, inner)
	case *Retry:
		return p.Run(ctx, inner)
	case TimeoutConfig:
		return cooperate(ctx, sys, p, inner)
	case nil:
		return inner(ctx)
	}
	return &ConfigError{Kind: "policy", Field: "Policy",
		Problem: fmt.Sprintf("must be a *Breaker, a *Retry, a TimeoutConfig or from Compose, not a %T", p)}
}

// isHard reports whether p is a Timeout that runs its call in a goroutine.
func isHard(p Policy) bool {
	t, ok := p.(TimeoutConfig)
	return ok && !t.Cooperative
}

func firstHard(list []Policy) int { return slices.IndexFunc(list, isHard) }

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
