package torture

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/understudy-go/understudy/api"
)

// maybe is an answer of the model, which does not know the jitter.
type maybe uint8

const (
	no maybe = iota
	perhaps
	yes
)

// stale reports whether the result must read stale, because there should have been
// another by now.
func (c *checkLog) stale(now time.Time) maybe {
	facts := c.facts(now)
	if len(facts) == 0 || c.cfg.Interval == api.OnDemand || !c.stuckSince(now).IsZero() {
		return no
	}
	last := facts[len(facts)-1]
	shown := last.at
	for _, r := range c.runs {
		if !r.begin.Equal(last.begin) || !r.over(now) {
			continue
		}
		if r.panicked {
			return no // it stays UNHEALTHY until it has run again
		}
		shown = latest(shown, r.end)
	}
	d := c.gap(now)
	patience := c.cfg.Timeout + 5*time.Second
	from, to := last.begin.Add(d*9/10), last.begin.Add(d*11/10)
	switch {
	case now.After(latest(to, shown).Add(patience)):
		return yes
	case now.After(latest(from, shown).Add(patience)):
		return perhaps
	}
	return no
}

// crashed reports whether the check waits for its restart.
func (c *checkLog) crashed(now time.Time) bool {
	n := 0
	for _, at := range c.restarted {
		if !at.After(now) {
			n++
		}
	}
	crashes := 0
	for _, at := range c.crashes() {
		if !at.After(now) {
			crashes++
		}
	}
	return n < crashes
}

func latest(times ...time.Time) time.Time { return slices.MaxFunc(times, time.Time.Compare) }

// down reports whether the check blocks those that depend on it.
func (c *checkLog) down(now time.Time) maybe {
	switch stale := c.stale(now); {
	case c.recount(now).Status != api.Unhealthy || stale == yes:
		return no
	case stale == perhaps:
		return perhaps
	}
	return yes
}

// roots returns the checks that may be named as the root cause, and whether the
// check is blocked.
func (c *checkLog) roots(now time.Time) (names []string, blocked maybe) {
	for _, a := range c.upstream {
		down := a.down(now)
		if down == no {
			continue
		}
		blocked = max(blocked, down)
		if !slices.ContainsFunc(a.upstream, func(b *checkLog) bool { return b.down(now) == yes }) {
			names = append(names, a.name)
		}
	}
	return names, blocked
}

// compareResult returns how got, which was read now, differs from the recount, or
// "".
func (c *checkLog) compareResult(got api.CheckResult, now time.Time) string {
	want := c.recount(now)
	want.Restarts = len(c.restarted)
	if !want.Timestamp.IsZero() {
		want.Age = now.Sub(want.Timestamp)
	}
	want.Flapping = c.flaps(want.Changes, now)
	want.Changes = lastChanges(want.Changes)
	if stuck := c.stuckSince(now); !stuck.IsZero() {
		if d := now.Sub(stuck).Truncate(100 * time.Millisecond); d > 0 {
			want.Message += fmt.Sprintf(", stuck for %.1fs", d.Seconds())
		}
	}
	roots, blocked := c.roots(now)
	stale := c.stale(now)
	switch {
	case blocked != no && slices.Contains(roots, got.BlockedBy):
		want.Status, want.BlockedBy, want.Message = api.Unknown, got.BlockedBy, "blocked by "+got.BlockedBy
	case blocked == yes:
		return fmt.Sprintf("%s is not blocked by any of %q", c.name, roots)
	case stale != no && strings.HasPrefix(got.Message, "stale since "):
		want.Status, want.Message = api.Unknown, got.Message
	case stale == yes:
		return fmt.Sprintf("%s is not stale", c.name)
	}
	if !reflect.DeepEqual(want, got) {
		return fmt.Sprintf("%s reads\n\t%+v, recounted\n\t%+v", c.name, got, want)
	}
	return ""
}

// compareAnswer returns what is wrong with the result of a call of Run, or "".
func (c *checkLog) compareAnswer(a *checkAsk) string {
	got, at := a.answer, a.to
	just := at.Add(-1) // a change may have come at the moment of the answer, and after it
	switch {
	case strings.HasPrefix(got.Message, "not finished: "):
		ended := a.story.closed || !c.gone.IsZero() && !c.gone.After(at)
		if got.Status != api.Unknown || a.ctxErr == nil && !ended {
			return fmt.Sprintf("%s answered that it has not finished: %+v", c.name, got)
		}
		return ""
	case got.BlockedBy != "":
		before, _ := c.roots(just)
		after, _ := c.roots(at)
		if got.Status != api.Unknown || !slices.Contains(append(before, after...), got.BlockedBy) {
			return fmt.Sprintf("%s answered that it is blocked: %+v", c.name, got)
		}
		return ""
	case !got.Timestamp.Equal(at): // the last result, not a fresh one
		if c.stuckSince(at).IsZero() && !c.crashed(at) && !c.crashed(just) && !c.returnedAt(at) {
			return fmt.Sprintf("%s answered with an old result: %+v", c.name, got)
		}
		return ""
	}
	facts := c.facts(at)
	for n := len(facts); n > 0 && facts[n-1].at.Equal(at); n-- { // there may be several at that moment
		if then := c.weigh(facts[:n]); got.Status == then.Status && got.Message == then.Message {
			return ""
		}
	}
	return fmt.Sprintf("%s answered %+v, recounted %+v", c.name, got, c.recount(at))
}

// returnedAt reports whether a run ended at that moment.
func (c *checkLog) returnedAt(at time.Time) bool {
	return slices.ContainsFunc(c.runs, func(r *checkRun) bool { return r.end.Equal(at) })
}

// mayBegin returns why no run may begin now, or "".
func (c *checkLog) mayBegin(now time.Time) string {
	if !c.gone.IsZero() && c.gone.Before(now) {
		return c.name + " runs though it is gone"
	}
	if c.inFlight() != nil {
		return c.name + " runs twice at once"
	}
	for _, a := range c.upstream {
		if a.down(now) == yes && a.down(now.Add(-1)) == yes {
			return c.name + " runs though it is blocked by " + a.name
		}
	}
	if len(c.runs) == 0 {
		return ""
	}
	ended := c.runs[len(c.runs)-1].end
	asked := slices.ContainsFunc(c.asks, func(a *checkAsk) bool { return a.to.IsZero() || !a.to.Before(ended) })
	again := slices.ContainsFunc(c.restarted, func(at time.Time) bool { return !at.Before(ended) })
	switch first, _ := c.due(now); {
	case c.crashed(now.Add(-1)) && !c.crashes()[len(c.crashes())-1].Add(c.minPause()).Before(now.Add(1)):
		return c.name + " runs before its restart"
	case asked || again || c.crashed(now.Add(-1)):
		return ""
	case c.cfg.Interval == api.OnDemand:
		return c.name + " runs though no caller asked"
	case now.Before(first):
		return fmt.Sprintf("%s runs %v too early", c.name, first.Sub(now))
	}
	return ""
}

func (c *checkLog) minPause() time.Duration {
	shortest, _ := c.pauses(len(c.crashes()) - 1)
	return shortest
}

// owed reports whether the check must run though no caller asks: for the first
// time, or after a restart.
func (c *checkLog) owed() bool {
	runs, restarts := len(c.runs), len(c.restarted)
	return runs == 0 || restarts > 0 && c.restarted[restarts-1].After(c.runs[runs-1].begin)
}

// overdue returns what should have happened by now and has not, or "". Before
// since, there was a reason to wait.
func (c *checkLog) overdue(now, since time.Time) string {
	crashes := c.crashes()
	if n := len(crashes); c.crashed(now) {
		if _, longest := c.pauses(n - 1); now.After(latest(crashes[n-1].Add(longest), since)) {
			return fmt.Sprintf("%s crashed at %v and is not restarted", c.name, crashes[n-1])
		}
		return ""
	}
	if !c.gone.IsZero() || c.inFlight() != nil || c.cfg.Interval == api.OnDemand && !c.owed() {
		return ""
	}
	for _, a := range c.upstream {
		changes := a.recount(now).Changes
		if a.recount(now).Status == api.Unhealthy {
			return "" // c is blocked, unless a is stale, for a time that is not known
		}
		if n := len(changes); n > 0 && changes[n-1].From == api.Unhealthy {
			since = latest(since, changes[n-1].At)
		}
	}
	look := time.Second // how long until a blocked check notices that it no longer is
	if c.cfg.Interval != api.OnDemand {
		look = min(look, c.cfg.Interval)
	}
	since = latest(since, c.registered).Add(look)
	if n := len(c.restarted); n > 0 {
		since = latest(since, c.restarted[n-1].Add(look))
	}
	if len(c.runs) > 0 && c.cfg.Interval != api.OnDemand {
		_, last := c.due(now)
		since = latest(since, last, c.runs[len(c.runs)-1].end)
	}
	if now.After(since) {
		return fmt.Sprintf("%s should have run by %v", c.name, since)
	}
	return ""
}
