package torture

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"time"

	"github.com/understudy-go/understudy/api"
)

// hear writes down what subscribers are told.
func (u *checkup) hear(e api.Event) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch e := e.(type) {
	case api.CheckChanged:
		if c := u.named(e.Name, e.At); c != nil {
			c.told = append(c.told, e)
		}
	case api.CheckRestarted:
		if c := u.named(e.Name, e.At); c != nil {
			u.complain(c.restart(e))
		}
	}
}

// named returns the check of a name, unless it crowds the others out.
func (u *checkup) named(name string, at time.Time) *checkLog {
	if strings.HasPrefix(name, "hog") {
		return nil
	}
	c := u.checks[name[0]-'a']
	if !c.gone.IsZero() && c.gone.Before(at) {
		u.complain(name + " is gone, but tells something")
	}
	return c
}

// restart takes in that the supervisor restarted the check, and reports what is wrong with that.
func (c *checkLog) restart(e api.CheckRestarted) string {
	n, crashes := len(c.restarted), c.crashes()
	c.restarted = append(c.restarted, e.At)
	if n >= len(crashes) {
		return c.name + " is restarted though it did not crash"
	}
	least, most := c.pauses(n)
	if pause := e.At.Sub(crashes[n]); pause < least || pause > most || e.Restarts != n+1 {
		return fmt.Sprintf("%s is restarted for the %dth time after %v, not %v to %v", c.name, e.Restarts, pause, least, most)
	}
	return ""
}

// compare compares all that can be seen now with a recount.
func (u *checkup) compare(now time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	snap := u.s.Health().Snapshot()
	u.complain(overall(snap, u.checks))
	u.complain(u.served(snap))
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
		u.complain(c.reads(snap.Checks[i], now))
		u.complain(c.tells(now))
		u.complain(c.overdue(now, u.free))
	}
	if got := len(snap.Checks) - len(u.hogs); got != seen {
		u.complain(fmt.Sprintf("%d checks are shown, not %d", got, seen))
	}
	u.patience(now)
}

// patience complains about questions that wait for too long.
func (u *checkup) patience(now time.Time) {
	u.asks = slices.DeleteFunc(u.asks, func(a *checkAsk) bool { return !a.to.IsZero() })
	for _, a := range u.asks {
		links := time.Duration(1 + len(a.of.above))
		if now.Sub(latest(a.from, u.free)) > 6*time.Second*links*links {
			u.complain(fmt.Sprintf("%s was asked at %v and does not answer", a.of.name, a.from))
		}
	}
}

// tells reports what is wrong with the events: each change is told, once, in order.
func (c *checkLog) tells(now time.Time) string {
	changes := c.recount(now).Changes
	if len(changes) != len(c.told) {
		return fmt.Sprintf("%s told %+v of %+v", c.name, c.told, changes)
	}
	for i, change := range changes {
		want := api.CheckChanged{
			Name: c.name, From: change.From, To: change.To, Message: change.Message, At: change.At,
			Lasted: change.Lasted, Failures: change.Failures, Flapping: c.flaps(changes[:i+1], change.At),
		}
		if want.Flapping {
			want.Message += " (flapping)"
		}
		if c.told[i] != want {
			return fmt.Sprintf("%s told %+v, recounted %+v", c.name, c.told[i], want)
		}
	}
	return ""
}

// served reports how the pages and Status differ from the snapshot, taken at
// the same moment. A page that is made anew is the snapshot. One that is kept
// may be that of the last time, if that was in the same second of the clock and
// no result is new.
func (u *checkup) served(snap api.SystemHealth) string {
	want := word(snap.Status)
	facts := fmt.Sprint(snap.Timestamp.Unix())
	for _, c := range snap.Checks {
		want += fmt.Sprintf("\n%s %s %q", c.Name, word(c.Status), c.Message)
		facts += fmt.Sprint(c.Name, c.Timestamp, c.Latency, c.Restarts, len(c.Changes))
	}
	before := u.kept
	u.kept.facts, u.kept.page = facts, u.read("/health")
	fresh := u.read("/health?exclude=")
	if fresh != want || u.s.Health().Status() != snap.Status {
		return fmt.Sprintf("the page shows %s, the snapshot is %s", fresh, want)
	}
	if u.kept.page != want && u.kept != before {
		return fmt.Sprintf("the page that is kept shows %s, the snapshot is %s", u.kept.page, want)
	}
	return ""
}

// read returns what a page shows of status, names and messages.
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

func word(s api.Status) string { return strings.ToLower(s.String()) }

// overall recounts what the statuses amount to, and who is to blame.
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

// tell writes the story down.
func (u *checkup) tell() string {
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
