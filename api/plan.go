package api

import (
	"context"
	"fmt"

	"github.com/understudy-go/understudy/system"
)

// plan is several policies: those that guard the call in the caller's
// goroutine, down to the first hard timeout, and the plan inside that.
type plan struct {
	list  []Policy       // all of them, the outermost first
	outer *layer         // nil: none
	hard  *TimeoutConfig // nil: none
	inner *plan          // nil: nothing is inside the hard timeout but the call
	sys   *system.System // as systemOf has it
}

func (*plan) policy() {}

// layer is one policy, and the layers inside it.
type layer struct {
	policy Policy
	inner  *layer // nil: the call itself
	sys    *system.System
}

// Compose stacks policies, the outermost first: Compose(timeout, retry,
// breaker) bounds the whole call; Compose(retry, breaker, timeout) bounds each
// attempt. nil policies are left out.
func Compose(outermostFirst ...Policy) Policy {
	var list []Policy
	for _, policy := range outermostFirst {
		switch policy := policy.(type) {
		case nil:
		case *plan:
			list = append(list, policy.list...)
		default:
			list = append(list, policy)
		}
	}
	var sys *system.System
	for _, policy := range list {
		if sys = systemOf(policy); sys != nil {
			break
		}
	}
	return planOf(list, sys)
}

func planOf(list []Policy, sys *system.System) *plan {
	p := &plan{list: list, sys: sys}
	next := &p.outer
	for i, policy := range list {
		if limit, ok := policy.(TimeoutConfig); ok && !limit.Cooperative {
			p.hard = &limit
			if rest := list[i+1:]; len(rest) > 0 {
				p.inner = planOf(rest, sys)
			}
			break
		}
		*next = &layer{policy: policy, sys: sys}
		next = &(*next).inner
	}
	return p
}

// start is run for a ctx that may be done, or nil.
func (l *layer) start(ctx context.Context, fn func(context.Context) error) error {
	if err := checkCall(ctx, false); err != nil {
		return err
	}
	return l.run(ctx, fn)
}

// run runs fn under the layers, from l on: it is where a policy meets a call.
// ctx is not done; fn is not nil.
func (l *layer) run(ctx context.Context, fn func(context.Context) error) error {
	if l == nil {
		return fn(ctx)
	}
	inner := fn
	if l.inner != nil {
		inner = func(ctx context.Context) error { return l.inner.run(ctx, fn) }
	}
	switch p := l.policy.(type) {
	case *Breaker:
		return p.Run(ctx, inner)
	case *Retry:
		return p.guard(ctx, inner)
	case TimeoutConfig:
		return cooperate(ctx, l.sys, p, inner)
	}
	return &ConfigError{Kind: "policy", Field: "Policy",
		Problem: fmt.Sprintf("must be a *Breaker, a *Retry, a TimeoutConfig or from Compose, not a %T", l.policy)}
}
