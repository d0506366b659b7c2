package torture

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/understudy-go/understudy/api"
)

// onEvent is a subscriber. It records the events of checks.
func (u *checkup) onEvent(e api.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch e := e.(type) {
	case api.CheckChanged:
		if c := u.named(e.Name, e.At); c != nil {
			c.events = append(c.events, e)
		}
	case api.CheckRestarted:
		if c := u.named(e.Name, e.At); c != nil {
			u.complain(c.restart(e))
		}
	}
}

// named returns the check of that name, or nil for one of the hogs.
func (u *checkup) named(name string, at time.Time) *checkLog {
	if strings.HasPrefix(name, "hog") {
		return nil
	}
	c := u.checks[name[0]-'a']
	if !c.gone.IsZero() && c.gone.Before(at) {
		u.complain(name + " is deregistered, and emits an event")
	}
	return c
}

// restart records a restart by the supervisor, and returns what is wrong with it,
// or "".
func (c *checkLog) restart(e api.CheckRestarted) string {
	n, crashes := len(c.restarted), c.crashes()
	c.restarted = append(c.restarted, e.At)
	if n >= len(crashes) {
		return c.name + " is restarted though it did not crash"
	}
	shortest, longest := c.pauses(n)
	if pause := e.At.Sub(crashes[n]); pause < shortest || pause > longest || e.Restarts != n+1 {
		return fmt.Sprintf("%s is restarted for the %dth time after %v, not %v to %v", c.name, e.Restarts, pause, shortest, longest)
	}
	return ""
}

// compare compares everything that a user can see now with a recount.
func (u *checkup) compare(now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	snap := u.s.Health().Snapshot()
	u.complain(overall(snap, u.checks))
	u.complain(u.comparePages(snap))
	seen := 0
	for _, c := range u.checks {
		if c == nil || !c.gone.IsZero() {
			continue
		}
		i := slices.IndexFunc(snap.Checks, func(r api.CheckResult) bool { return r.Name == c.name })
		if i < 0 {
			u.complain(c.name + " is not shown")
			continue
		}
		seen++
		u.complain(c.compareResult(snap.Checks[i], now))
		u.complain(c.compareEvents(now))
		u.complain(c.overdue(now, u.free))
	}
	if got := len(snap.Checks) - len(u.hogs); got != seen {
		u.complain(fmt.Sprintf("%d checks are shown, not %d", got, seen))
	}
	u.patience(now)
}

// patience complains about calls of Run that wait too long.
func (u *checkup) patience(now time.Time) {
	u.asks = slices.DeleteFunc(u.asks, func(a *checkAsk) bool { return !a.to.IsZero() })
	for _, a := range u.asks {
		links := time.Duration(1 + len(a.of.upstream))
		if now.Sub(latest(a.from, u.free)) > 6*time.Second*links*links {
			u.complain(fmt.Sprintf("%s was asked at %v and does not answer", a.of.name, a.from))
		}
	}
}

// compareEvents returns what is wrong with the events, or "". Each change must
// have been emitted once, in order.
func (c *checkLog) compareEvents(now time.Time) string {
	changes := c.recount(now).Changes
	if len(changes) != len(c.events) {
		return fmt.Sprintf("%s emitted %+v of %+v", c.name, c.events, changes)
	}
	for i, change := range changes {
		want := api.CheckChanged{
			Name: c.name, From: change.From, To: change.To, Message: change.Message, At: change.At,
			Lasted: change.Lasted, Failures: change.Failures, Flapping: c.flaps(changes[:i+1], change.At),
		}
		if want.Flapping {
			want.Message += " (flapping)"
		}
		if c.events[i] != want {
			return fmt.Sprintf("%s emitted %+v, recounted %+v", c.name, c.events[i], want)
		}
	}
	return ""
}

// comparePages returns how the pages and Status differ from a snapshot of this
// moment, or "". The pages of single checks are rendered now and must equal the
// snapshot. A cached one may also equal the last one, if there was no new result and no new second of
// the clock since.
func (u *checkup) comparePages(snap api.SystemHealth) string {
	want := word(snap.Status)
	facts := fmt.Sprint(snap.Timestamp.Unix())
	for _, c := range snap.Checks {
		want += fmt.Sprintf("\n%s %s %q", c.Name, word(c.Status), c.Message)
		facts += fmt.Sprint(c.Name, c.Timestamp, c.Latency, c.Restarts, len(c.Changes))
	}
	before := u.kept
	u.kept.facts, u.kept.page = facts, u.read("/health")
	fresh := word(u.s.Health().Status())
	for _, c := range snap.Checks {
		fresh += "\n" + u.readCheck(c)
	}
	if fresh != want {
		return fmt.Sprintf("the page shows %s, the snapshot is %s", fresh, want)
	}
	if u.kept.page != want && u.kept != before {
		return fmt.Sprintf("the cached page shows %s, the snapshot is %s", u.kept.page, want)
	}
	return ""
}

// read returns the statuses, names and messages on a page.
func (u *checkup) read(path string) string {
	page := httptest.NewRecorder()
	u.page.ServeHTTP(page, httptest.NewRequest(http.MethodGet, path, nil))
	var got struct {
		Status string
		Checks []struct{ Name, Status, Message string }
	}
	if err := json.Unmarshal(page.Body.Bytes(), &got); err != nil {
		return err.Error()
	}
	shows := got.Status
	for _, c := range got.Checks {
		shows += fmt.Sprintf("\n%s %s %q", c.Name, c.Status, c.Message)
	}
	return shows
}

// readCheck returns the name, the status and the message on the page of one check,
// or in the snapshot if the check has no page.
func (u *checkup) readCheck(c api.CheckResult) string {
	if len(c.Name) > 1 {
		return fmt.Sprintf("%s %s %q", c.Name, word(c.Status), c.Message)
	}
	page := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/readyz/"+url.PathEscape(c.Name), nil)
	r.Header.Set("Accept", "application/json")
	u.page.ServeHTTP(page, r)
	var got struct {
		Checks []struct{ Name, Status, Message string }
	}
	if err := json.Unmarshal(page.Body.Bytes(), &got); err != nil || len(got.Checks) != 1 {
		return "no page: " + page.Body.String()
	}
	return fmt.Sprintf("%s %s %q", got.Checks[0].Name, got.Checks[0].Status, got.Checks[0].Message)
}

func word(s api.Status) string { return strings.ToLower(s.String()) }

// overall returns how the overall status and the root causes differ from those
// of the checks, or "".
func overall(all api.SystemHealth, checks [4]*checkLog) string {
	seen := map[api.Status]bool{}
	var causes []string
	for _, r := range all.Checks {
		status := r.Status
		if len(r.Name) == 1 && status == api.Unhealthy && checks[r.Name[0]-'a'].cfg.Optional {
			status = api.Degraded
		}
		seen[status] = true
		if r.BlockedBy != "" && !slices.Contains(causes, r.BlockedBy) {
			causes = append(causes, r.BlockedBy)
		}
	}
	slices.Sort(causes)
	want := api.Healthy
	for _, status := range []api.Status{api.Unknown, api.Degraded, api.Unhealthy} {
		if seen[status] {
			want = status
		}
	}
	if all.Status != want || !slices.Equal(all.RootCauses, causes) {
		return fmt.Sprintf("all is %v because of %q, recounted %v because of %q", all.Status, all.RootCauses, want, causes)
	}
	return ""
}

// transcript returns the story, for a failure.
func (u *checkup) transcript() string {
	var b strings.Builder
	for _, c := range u.checks {
		if c == nil {
			continue
		}
		fmt.Fprintf(&b, "%s: %+v from %v to %v, restarted %v\n", c.name, c.cfg, c.registered, c.gone, c.restarted)
		for _, r := range c.runs[max(0, len(c.runs)-8):] {
			fmt.Fprintf(&b, "  %v to %v: %v %q\n", r.begin.Format("15:04:05.000000000"), r.end.Format("15:04:05.000000000"), r.status, r.message)
		}
		for _, a := range c.asks[max(0, len(c.asks)-10):] {
			fmt.Fprintf(&b, "  asked %v to %v of %s\n", a.from.Format("15:04:05.000000000"), a.to.Format("15:04:05.000000000"), a.of.name)
		}
	}
	return b.String()
}
