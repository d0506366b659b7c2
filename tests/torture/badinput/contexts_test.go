package badinput

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-go/understudy/api"
)

// oddContext is a user's own ctx, as odd as the interface allows, or a little
// odder. A ctx that is done and has no error is left out: package context itself
// panics on it.
type oddContext struct {
	context.Context
	deadline time.Time
	err      error
	value    func(key any) any
}

func (c *oddContext) Deadline() (time.Time, bool) { return c.deadline, !c.deadline.IsZero() }
func (c *oddContext) Done() <-chan struct{}       { return nil }
func (c *oddContext) Err() error                  { return c.err }
func (c *oddContext) Value(key any) any {
	if c.value != nil {
		return c.value(key)
	}
	return nil
}

// oddContexts make contexts. One that panics may panic in its caller, and must
// break nothing else.
var oddContexts = map[string]struct {
	panics bool
	make   func() context.Context
}{
	"an error and no Done":        {false, func() context.Context { return &oddContext{err: errBoom} }},
	"a deadline that has passed":  {false, func() context.Context { return &oddContext{deadline: time.Now().Add(-time.Hour)} }},
	"a deadline and no Done":      {false, func() context.Context { return &oddContext{deadline: time.Now().Add(time.Second)} }},
	"a deadline in 292 years":     {false, func() context.Context { return &oddContext{deadline: time.Now().Add(longest)} }},
	"a deadline before all times": {false, func() context.Context { return &oddContext{deadline: time.Unix(-1<<40, 0)} }},
	"values for every key":        {false, func() context.Context { return &oddContext{value: func(any) any { return "rubbish" }} }},
	"values that panic":           {true, func() context.Context { return &oddContext{value: func(any) any { panic("rubbish") }} }},
	"a pointer that is nil":       {true, func() context.Context { return (*oddContext)(nil) }},
}

// takers call the functions that take a ctx.
var takers = map[string]func(v *victim, ctx context.Context) error{
	"Breaker.Run":     func(v *victim, ctx context.Context) error { return v.b.Run(ctx, no) },
	"Breaker.Acquire": func(v *victim, ctx context.Context) error { p, err := v.b.Acquire(ctx); p.Cancel(); return err },
	"Retry.Run":       func(v *victim, ctx context.Context) error { return v.r.Run(ctx, no) },
	"Do": func(v *victim, ctx context.Context) error {
		return second(api.Do(ctx, api.Compose(api.TimeoutConfig{Limit: time.Hour, Cooperative: true}, v.r, api.Timeout(time.Minute), v.b), none, none, seven))
	},
	"Run": func(v *victim, ctx context.Context) error {
		return api.Run(ctx, api.Compose(api.Timeout(time.Minute), v.b, v.r), no, no)
	},
	"WithTimeout": func(v *victim, ctx context.Context) error { return second(api.WithTimeout(ctx, time.Minute, none)) },
	"Fallback.Execute": func(_ *victim, ctx context.Context) error {
		return second(api.NewFallback("x", none, none, seven).Execute(ctx))
	},
	"When": func(_ *victim, ctx context.Context) error {
		_, _ = api.When(func(error) bool { return true }, seven)(ctx)
		return nil
	},
	"Cause":         func(_ *victim, ctx context.Context) error { _ = api.Cause(ctx); return nil },
	"Hold":          func(_ *victim, ctx context.Context) error { api.Hold(ctx)(); return nil },
	"Attempt":       func(_ *victim, ctx context.Context) error { return must(api.Attempt(ctx) == 1) },
	"Health.Run":    func(v *victim, ctx context.Context) error { v.h.Run(ctx, "c"); return nil },
	"Health.RunAll": func(v *victim, ctx context.Context) error { v.h.RunAll(ctx); return nil },
	"System.Drain":  func(v *victim, ctx context.Context) error { return v.s.Drain(ctx, time.Second, yes) },
	"System.Serve":  serveNowhere,
}

func badContexts() (rows []row) {
	for function, take := range takers {
		for input, odd := range oddContexts {
			answers := func(v *victim) (err error) {
				defer func() {
					if p := recover(); p != nil && odd.panics {
						err = nil
					} else if p != nil {
						panic(p)
					}
				}()
				return take(v, odd.make())
			}
			rows = append(rows, row{function, "a ctx with " + input, anyTyped, func(v *victim) error {
				err := answers(v)
				again := v.b.Run(today, yes)
				if errors.Is(again, api.ErrShutdown) { // it was a drain
					again = nil
				}
				return errors.Join(err, must(again == nil, "the breaker does not answer any more: ", again))
			}})
		}
	}
	return rows
}

// anyTyped accepts nil and errors of the documented types.
func anyTyped(err error) string {
	if err == nil || isTyped(err) {
		return ""
	}
	return "an error of no type: " + err.Error()
}
