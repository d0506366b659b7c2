package main

// change replaces a piece of a source file. The piece must be there, once.
type change struct{ file, from, to string }

// variant is the breaker, changed.
type variant struct {
	name    string
	caught  bool   // it is broken on purpose: the histories must tell
	run     string // which tests; default: the histories
	flags   []string
	changes []change
}

const (
	gate    = "actors/breaker/gate.go"
	owner   = "actors/breaker/actor.go"
	machine = "actors/breaker/machine.go"
	trial   = "actors/breaker/trial.go"
	shown   = "actors/breaker/shown.go"
	handle  = "actors/breaker/handle.go"
	retry   = "actors/retry/actor.go"
	check   = "actors/health/actor.go"
	words   = "messages/errors.go"

	checking = "actors/health/machine.go"
)

// quick keeps a random machine from looking long for a simpler story.
var quick = []string{"-rapid.shrinktime", "1s"}

// lend is where a lease is lent again.
const lend = "\tv.tally.Store(count + count/rare)\n"

// publish is where a fresh view is shown.
const publish = "\to.h.view.Store(newView(o.h.name, o.current, last, now))\n"

var variants = []variant{
	{name: "stretched: every step of the protocol is slow", changes: []change{
		{gate, "\t\"sync/atomic\"\n", "\t\"runtime\"\n\t\"sync/atomic\"\n"},
		{gate, "\tword := v.tally.Or(sealed)\n", "\truntime.Gosched()\n\tword := v.tally.Or(sealed)\n\truntime.Gosched()\n"},
		{gate, lend, "\truntime.Gosched()\n" + lend + "\truntime.Gosched()\n"},
		{gate, "func (v *view) count() bool {\n", "func (v *view) count() bool {\n\truntime.Gosched()\n"},
		{owner, publish, "\truntime.Gosched()\n" + publish + "\truntime.Gosched()\n"},
		{owner, "\t\"runtime/debug\"\n", "\t\"runtime\"\n\t\"runtime/debug\"\n"},
	}},
	{name: "crashing: the owner crashes in the middle of a step, up to five times", flags: []string{"-crashes"}, changes: []change{
		{owner, "\te := input(o.spare, now)\n", "\te := input(o.spare, now)\n\tif o.lives < 5 && rand.IntN(8) == 0 {\n\t\to.lives++\n\t\tpanic(\"crash\")\n\t}\n"},
		{owner, "\tdue      time.Time\n", "\tdue      time.Time\n\tlives int\n"},
		{owner, "\t\"log/slog\"\n", "\t\"log/slog\"\n\t\"math/rand/v2\"\n"},
	}},
	{name: "poisoned: owners crash on cue, whole systems with them", run: "TestACrash|TestCrashes|TestWholeSystems", flags: []string{"-tags", "poison"}, changes: []change{
		{words, "var (\n", "// Poison reports whether an owner is to crash on the message at hand.\nvar Poison = func(owner, message string) bool { return false }\n\nvar (\n"},
		{owner, "\te := input(o.spare, now)\n", "\te := input(o.spare, now)\n\tif messages.Poison(o.h.name, o.doing) {\n\t\tpanic(\"poison\")\n\t}\n"},
		{owner, "\tdue      time.Time\n", "\tdue      time.Time\n\tdoing    string\n"},
		{owner, "func (o *owner) Receive(c actor.Context) {\n", "func (o *owner) Receive(c actor.Context) {\n\to.doing = fmt.Sprintf(\"%T\", c.Message())\n"},
		{retry, "\te := next.failed(cell.Question)\n", "\te := next.failed(cell.Question)\n\t\tif messages.Poison(o.handle.name, \"\") {\n\t\t\tpanic(\"poison\")\n\t\t}\n"},
		{check, "\to.carry(o.machine.call(time.Now()))\n", "\tif messages.Poison(o.name, \"\") {\n\t\t\tpanic(\"poison\")\n\t\t}\n\t\to.carry(o.machine.call(time.Now()))\n"},
		{check, "\t\to.carryResult(msg)\n", "\t\tif messages.Poison(o.name, \"\") {\n\t\t\tpanic(\"poison\")\n\t\t}\n\t\to.carryResult(msg)\n"},
		{check, "\tif msg.Generation == o.generation {\n", "\tif msg.Generation == o.generation {\n\t\t\tif messages.Poison(o.name, \"\") {\n\t\t\t\tpanic(\"poison\")\n\t\t\t}\n"},
	}},
	{name: "striped: every lease has stripes", changes: []change{
		{gate, "\tif !m.leases() {\n\t\tv.tally.Store(sealed)\n\t}\n", "\ts := newStripes()\n\tv.stripes.Store(s)\n\tif m.leases() {\n\t\ts.thaw()\n\t} else {\n\t\tv.tally.Store(sealed)\n\t}\n"},
	}},
	{name: "stripes that are not sealed with their lease", caught: true, changes: []change{
		{gate, "\tif !m.leases() {\n\t\tv.tally.Store(sealed)\n\t}\n", "\ts := newStripes()\n\tv.stripes.Store(s)\n\tif m.leases() {\n\t\ts.thaw()\n\t} else {\n\t\tv.tally.Store(sealed)\n\t}\n"},
		{gate, "\t\tcount = s.freeze()\n", "\t\tfor i := range *s {\n\t\t\tcount += (*s)[i].tally.Swap(0) &^ sealed\n\t\t}\n"},
	}},
	{name: "tally read before sealing", caught: true, changes: []change{
		{gate, "\t\"sync/atomic\"\n", "\t\"runtime\"\n\t\"sync/atomic\"\n"},
		{gate, "\tword := v.tally.Or(sealed)\n", "\tword := v.tally.Load()\n\truntime.Gosched()\n\tv.tally.Or(sealed)\n"},
	}},
	{name: "thaw by clearing the bit", caught: true, changes: []change{
		{gate, lend, "\tif count == 0 {\n\t\tv.tally.Store(0)\n\t} else {\n\t\tv.tally.And(^sealed)\n\t}\n"},
		{owner, "\tnow := o.now()\n\to.spare", "\truntime.Gosched()\n\tnow := o.now()\n\to.spare"},
		{owner, "\t\"runtime/debug\"\n", "\t\"runtime\"\n\t\"runtime/debug\"\n"},
	}},
	{name: "a view published twice", caught: true, changes: []change{
		{owner, publish, "\tnext := newView(o.h.name, o.current, last, now)\n\tif o.first == nil {\n\t\to.first = last\n\t}\n\tif o.first.state == next.state && o.first.timed == next.timed {\n\t\to.first.epoch = next.epoch\n\t\to.first.tally.Store(next.tally.Load())\n\t\tnext = o.first\n\t}\n\to.h.view.Store(next)\n"},
		{owner, "\tdue      time.Time\n", "\tdue      time.Time\n\tfirst    *view\n"},
	}},
	{name: "a lease lent again with something on it", caught: true, changes: []change{
		{owner, "\t\tlast.thaw(0)\n", "\t\tlast.thaw(1)\n"},
	}},
	{name: "a lease lent again for another epoch", caught: true, changes: []change{
		{gate, "v.epoch == m.epoch && v.timed", "v.timed"},
	}},
	{name: "reply before publish", caught: true, changes: []change{
		{owner, "\t\tdefer o.crashed(m.Fail)\n\t\to.step(func(b *machine, now time.Time) effects { return b.result(now, m.Question) })\n\t\tm.Answer(struct{}{})\n",
			"\t\tq := m.Question\n\t\tm.Answer(struct{}{})\n\t\truntime.Gosched()\n\t\to.step(func(b *machine, now time.Time) effects { return b.result(now, q) })\n"},
		{owner, "\t\"runtime/debug\"\n", "\t\"runtime\"\n\t\"runtime/debug\"\n"},
	}},
	{name: "a result that is not acknowledged", caught: true, changes: []change{
		{handle, "\t_, _ = question(context.Background(), h, &h.shared.results,", "\tgo question(context.Background(), h, &h.shared.results,"},
	}},
	{name: "no epoch check by the owner", caught: true, changes: []change{
		{machine, "r.Permit.Epoch != m.epoch || ", ""},
	}},
	{name: "no epoch check when a success moves to the next lease", caught: true, changes: []change{
		{handle, " && v.epoch == t.permit.Epoch", ""},
	}},
	{name: "a success moves to any lease that is open", caught: true, changes: []change{
		{handle, "v.state == messages.Closed && v.epoch == t.permit.Epoch && ", ""},
	}},
	{name: "a tallied success leaves the streak", caught: true, changes: []change{
		{machine, "\t\tm.totals.Successes += n\n\t\tm.streak = 0\n", "\t\tm.totals.Successes += n\n"},
	}},
	{name: "a trial is not given back when its asker has gone", caught: true, changes: []change{
		{owner, "if !m.Answer(a) && a.Permit.Trial != 0 {", "if !m.Answer(a) && a.Permit.Trial > 1<<60 {"},
		{owner, "\tnow := o.now()\n\to.spare", "\truntime.Gosched()\n\tnow := o.now()\n\to.spare"},
		{owner, "\t\"runtime/debug\"\n", "\t\"runtime\"\n\t\"runtime/debug\"\n"},
	}},
	{name: "a time window forgets a bucket too early", caught: true, run: "TestABreakerGives", flags: quick, changes: []change{
		{"actors/breaker/window.go", "span / buckets", "span / (buckets + 2)"},
	}},
	{name: "a time window forgets only while CLOSED", caught: true, run: "TestABreakerGives", flags: quick, changes: []change{
		{shown, "\t\tm.window.slide(now) // in any", "\t\t// in any"},
	}},
	{name: "a trial's result counts twice", caught: true, changes: []change{
		{trial, "\t\tm.trials = slices.Delete(m.trials, i, i+1)\n", "\t\t_ = i\n"},
	}},
	{name: "nobody looks at the clock at the end of OPEN", caught: true, changes: []change{
		{shown, "const lastStretch = 50 * time.Millisecond", "const lastStretch = 0"},
	}},
	{name: "a failing check is believed one run too late", caught: true, run: "TestHealthChecks", flags: quick, changes: []change{
		{checking, "m.failures >= m.cfg.UnhealthyAfter", "m.failures > m.cfg.UnhealthyAfter"},
	}},
	{name: "a stuck check's late word counts", caught: true, run: "TestHealthChecks", flags: quick, changes: []change{
		{checking, "\tcase late: // its timeout", "\tcase late && false: // its timeout"},
	}},
	{name: "a stuck check keeps its slot", caught: true, run: "TestHealthChecks", flags: quick, changes: []change{
		{checking, "e := effects{publish: true, answer: true, release: true}", "e := effects{publish: true, answer: true}"},
	}},
	{name: "a blocked check runs", caught: true, run: "TestHealthChecks", flags: quick, changes: []change{
		{check, "\tcase o.blockedBy(now) != nil:\n\t\to.shared", "\tcase o.blockedBy(now) != nil && false:\n\t\to.shared"},
	}},
	{name: "nothing is ever stale", caught: true, run: "TestHealthChecks", flags: quick, changes: []change{
		{"actors/health/view.go", "now.After(v.staleAt)", "now.After(v.staleAt) && false"},
	}},
	{name: "checks that panic are restarted without back-off", caught: true, run: "TestHealthChecks", flags: quick, changes: []change{
		{"system/supervisor.go", "min(b.first<<n, b.most)", "b.first"},
	}},
	{name: "a trial that is overdue is not counted", caught: true, run: "TestWholeSystems", changes: []change{
		{trial, "\t\tm.totals.Failures++\n\t\tm.streak++\n", "\t\tm.streak++\n"},
	}},
	{name: "one trial too many", caught: true, run: "TestWholeSystems", changes: []change{
		{machine, "len(m.trials) < m.cfg.HalfOpenMaxCalls", "len(m.trials) <= m.cfg.HalfOpenMaxCalls"},
	}},
	{name: "some changes are not told", caught: true, run: "TestWholeSystems", changes: []change{
		{owner, "\t\to.h.shared.Host.Emit(e.change)\n", "\t\tif e.change.Failures != 3 {\n\t\t\to.h.shared.Host.Emit(e.change)\n\t\t}\n"},
	}},
}
