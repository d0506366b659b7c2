package badinput

import (
	"context"
	"errors"
	"strings"

	"github.com/understudy-go/understudy/api"
)

// stranger is a Policy by embedding, and embeds none.
type stranger struct{ api.Policy }

func badFallbacks() []row {
	gone, cancel := context.WithCancel(today)
	cancel()
	wrap1 := func(fn func(context.Context, int) (int, error), fallbacks ...func(context.Context, int) (int, error)) func(context.Context) error {
		return func(ctx context.Context) error { return second(api.Wrap1(nil, fn, fallbacks...)(ctx, 2)) }
	}
	failing := func(context.Context, int) (int, error) { return 0, errBoom }
	rows := []row{
		{"Do", "nil ctx", refused("call", "ctx"), func(v *victim) error { return second(api.Do(never, v.b, seven)) }},
		{"Do", "nil ctx, with a fallback", refused("call", "ctx"), func(v *victim) error { return second(api.Do(never, v.b, seven, seven)) }},
		{"Do", "nil fn", refused("call", "fn"), func(v *victim) error { return second(api.Do[int](today, v.b, nil)) }},
		{"Do", "nil fn, no policy", refused("call", "fn"), func(*victim) error { return second(api.Do[int](today, nil, nil)) }},
		{"Do", "nil fn, with a fallback", fine, func(v *victim) error { return second(api.Do(today, v.r, nil, seven)) }},
		{"Do", "nil fallback", refused("fallback", "fn"), func(v *victim) error { return second(api.Do(today, v.b, none, nil)) }},
		{"Do", "nil fallback, then a good one", fine, func(v *victim) error { return second(api.Do(today, v.b, none, nil, seven)) }},
		{"Do", "a ctx that is done", is(context.Canceled), func(v *victim) error { return second(api.Do(gone, v.b, seven, seven)) }},
		{"Do", "a struct that embeds no policy", refused("policy", "Policy"), func(v *victim) error { return second(api.Do(today, stranger{}, seven)) }},
		{"Run", "nil ctx", refused("call", "ctx"), func(v *victim) error { return api.Run(never, v.b, yes) }},
		{"Run", "nil fn", refused("call", "fn"), func(v *victim) error { return api.Run(today, v.b, nil) }},
		{"Run", "nil fallback", refused("fallback", "fn"), func(v *victim) error { return api.Run(today, v.r, no, nil) }},
		{"Run", "a struct that embeds no policy", refused("policy", "Policy"), func(v *victim) error { return api.Run(today, (*stranger)(nil), yes) }},
		{"Wrap", "nil fn", refused("call", "fn"), func(v *victim) error { return second(api.Wrap[int](v.b, nil)(today)) }},
		{"Wrap", "nil ctx", refused("call", "ctx"), func(v *victim) error { return second(api.Wrap(v.b, seven)(never)) }},
		{"Wrap", "nil fallback", refused("fallback", "fn"), func(v *victim) error { return second(api.Wrap(v.b, none, nil)(today)) }},
		{"Wrap1", "nil fn", refused("call", "fn"), func(*victim) error { return wrap1(nil)(today) }},
		{"Wrap1", "nil ctx", refused("call", "ctx"), func(*victim) error { return wrap1(double)(never) }},
		{"Wrap1", "nil fallback", refused("fallback", "fn"), func(*victim) error { return wrap1(failing, nil)(today) }},
		{"Compose", "nothing", fine, func(*victim) error { return api.Run(today, api.Compose(), yes) }},
		{"Compose", "nils", fine, func(v *victim) error { return api.Run(today, api.Compose(nil, v.b, nil, api.Compose(nil)), yes) }},
		{"Compose", "a struct that embeds no policy", refused("policy", "Policy"), func(v *victim) error { return api.Run(today, api.Compose(v.r, stranger{}), yes) }},
		{"Compose", "the same breaker a thousand times", fine, func(v *victim) error {
			p := api.Compose(v.b, v.r, api.Timeout(longest))
			for range 8 {
				p = api.Compose(p, p)
			}
			return second(api.Do(today, p, seven))
		}},
		{"Value", "nil", fine, func(v *victim) error { return second(api.Do(today, v.r, nil, api.Value[any](nil))) }},
		{"When", "nil match", refused("fallback", "match"), func(*victim) error { return second(api.Do(today, nil, none, api.When(nil, seven))) }},
		{"When", "nil fn", refused("fallback", "fn"), func(*victim) error {
			return second(api.Do(today, nil, none, api.When[int](func(error) bool { return true }, nil)))
		}},
		{"When", "called by itself", func(err error) string { return isNot(err, nil) }, func(*victim) error {
			return second(api.When(func(error) bool { return true }, seven)(today))
		}},
		{"When", "called with a nil ctx", func(err error) string { return isNot(err, nil) }, func(*victim) error {
			return second(api.When(func(error) bool { return true }, seven)(never))
		}},
		{"WhenOpen", "nil fn", refused("fallback", "fn"), func(*victim) error { return second(api.Do(today, nil, none, api.WhenOpen[int](nil))) }},
		{"WhenTimeout", "nil fn", refused("fallback", "fn"), func(*victim) error { return second(api.Do(today, nil, none, api.WhenTimeout[int](nil))) }},
		{"Cause", "nil ctx", fine, func(*victim) error { return api.Cause(never) }},
		{"Attempt", "nil ctx", fine, func(*victim) error { return must(api.Attempt(never) == 1) }},
		{"Ignore", "nil", fine, func(*victim) error { return api.Ignore(nil) }},
		{"Hold", "nil ctx", fine, func(*victim) error { api.Hold(never)(); return nil }},
		{"FailWhen", "nil fn", refused("call", "fn"), func(*victim) error {
			return second(api.FailWhen(nil, func(int) error { return errBoom })(today))
		}},
		{"FailWhen", "nil bad", refused("call", "bad"), func(*victim) error { return second(api.FailWhen(seven, nil)(today)) }},
		{"Cooperative", "nil", fine, func(*victim) error { return api.Run(today, api.Cooperative(nil), yes) }},
		{"Cooperative", "a stranger", refused("policy", "Policy"), func(*victim) error { return api.Run(today, api.Cooperative(stranger{}), yes) }},
		{"NewSwitch", "nil", fine, func(*victim) error { return api.Run(today, api.NewSwitch(nil), yes) }},
		{"NewSwitch", "a nil Switch", refused("policy", "Policy"), func(*victim) error { return api.Run(today, api.NewSwitch((*api.Switch)(nil)), yes) }},
		{"Switch.Set", "nil Switch", fine, func(*victim) error { (*api.Switch)(nil).Set(nil); return nil }},
		{"Switch.Set", "itself", refused("policy", "Switch"), func(v *victim) error {
			s := new(api.Switch)
			s.Set(api.Compose(v.b, s))
			return api.Run(today, s, yes)
		}},
		{"NewFallback", "nothing", refused("fallback", "alternatives"), func(*victim) error { return second(api.NewFallback[int]("").Execute(today)) }},
		{"NewFallback", "nil", refused("call", "fn"), func(*victim) error { return second(api.NewFallback[int]("x", nil).Execute(today)) }},
		{"NewFallback", "nil as the second", refused("fallback", "fn"), func(*victim) error { return second(api.NewFallback("x", none, nil).Execute(today)) }},
		{"Fallback.Add", "nil", refused("call", "fn"), func(*victim) error { return second(api.NewFallback[int]("x").Add(nil).Execute(today)) }},
		{"Fallback.Execute", "nil ctx", refused("call", "ctx"), func(*victim) error { return second(api.NewFallback("x", seven).Execute(never)) }},
		{"Fallback.Execute", "a ctx that is done", is(context.Canceled), func(*victim) error { return second(api.NewFallback("x", seven).Execute(gone)) }},
		{"Fallback.Execute", "a zero Fallback", refused("fallback", "alternatives"), func(*victim) error { return second(new(api.Fallback[int]).Execute(today)) }},
		{"Fallback.Execute", "nil", refused("fallback", "Fallback"), func(*victim) error { return second((*api.Fallback[int])(nil).Execute(today)) }},
		{"Fallback.Add", "to nil", refused("fallback", "Fallback"), func(*victim) error { return second((*api.Fallback[int])(nil).Add(seven).Execute(today)) }},
		{"Fallback.Default", "to nil", refused("fallback", "Fallback"), func(*victim) error { return second((*api.Fallback[int])(nil).Default(1).Execute(today)) }},
		{"Fallback.Execute", "itself, without end", is(errBoom), func(*victim) error {
			depth := 0
			f := api.NewFallback[int]("x")
			f.Add(func(ctx context.Context) (int, error) {
				if depth++; depth > 1000 {
					return 0, errBoom
				}
				return f.Execute(ctx)
			})
			return second(f.Execute(today))
		}},
		{"FallbackError.Error", "many alternatives with long texts", fine, func(*victim) error {
			f := api.NewFallback(strings.Repeat("x", 1<<20), none)
			for range 3 {
				f.Add(none)
			}
			return must(short(second(f.Execute(today))), "too long, or no text")
		}},
	}
	return rows
}

func isNot(err, unwanted error) string {
	if errors.Is(err, unwanted) {
		return "got " + errText(err)
	}
	return ""
}

func errText(err error) string {
	if err == nil {
		return "no error"
	}
	return err.Error()
}
