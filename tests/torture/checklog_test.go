package torture

import (
	"fmt"
	"slices"
	"time"

	"github.com/understudy-go/understudy/api"
)

// checkLog is the model of a health check: a list of all that happened to it. It
// keeps no status; each question recounts the list from the beginning. It is
// written from the documentation alone.
type checkLog struct {
	name     string
	cfg      api.CheckConfig // every setting is explicit
	upstream []*checkLog     // what it depends on, directly or not

	registered, gone time.Time // gone: when it was deregistered, or zero
	runs             []*checkRun
	asks             []*checkAsk // for this check, and for those that depend on it
	restarted        []time.Time
	events           []api.CheckChanged
}

// checkRun is one run of the check's function.
type checkRun struct {
	begin, end time.Time // end is zero while it runs
	status     api.Status
	message    string
	panicked   bool
	details    api.Details
}

func (r *checkRun) over(now time.Time) bool { return !r.end.IsZero() && !r.end.After(now) }

// checkAsk is one call of Run.
type checkAsk struct {
	of       *checkLog
	story    *checkup
	from, to time.Time // to is zero until it returns
	answer   api.CheckResult
	ctxErr   error // the error of the caller's ctx, once answered
}

// checkFact is an outcome, or another reason for a status.
type checkFact struct {
	at, begin time.Time // begin: when its run began
	status    api.Status
	message   string
	details   api.Details
	atOnce    bool // the status changes at once, whatever the streaks say
	gaveUp    bool // not an outcome: the owner stopped waiting for a stuck run
}

// facts returns the facts until now, in order.
func (c *checkLog) facts(now time.Time) (facts []checkFact) {
	for _, r := range c.runs {
		limit := r.begin.Add(c.cfg.Timeout)
		if r.over(now) && r.end.Before(limit) {
			facts = append(facts, checkFact{r.end, r.begin, r.status, r.message, r.details, r.panicked, false})
			continue
		}
		if limit.After(now) {
			continue
		}
		late := checkFact{at: limit, begin: r.begin, status: api.Unhealthy, message: fmt.Sprintf("timed out after %.1fs", c.cfg.Timeout.Seconds())}
		facts = append(facts, late)
		if last := limit.Add(time.Second); !last.After(now) && !(r.over(now) && r.end.Before(last)) {
			facts = append(facts, checkFact{at: last, begin: r.begin, status: api.Unhealthy, atOnce: true, gaveUp: true})
		}
		if r.over(now) && r.panicked {
			facts = append(facts, checkFact{r.end, r.begin, r.status, r.message, nil, true, false})
		}
	}
	return facts
}

// inARow counts the failures at the end of facts, or the successes.
func inARow(facts []checkFact, failures bool) (n int) {
	for _, f := range slices.Backward(facts) {
		switch {
		case f.gaveUp:
		case (f.status == api.Unhealthy) != failures:
			return n
		default:
			n++
		}
	}
	return n
}

// recount returns the result of the check now, as if it depended on no other.
func (c *checkLog) recount(now time.Time) api.CheckResult { return c.weigh(c.facts(now)) }

// weigh returns the result of the check after these facts.
func (c *checkLog) weigh(facts []checkFact) (result api.CheckResult) {
	result.Name = c.name
	failed, since := 0, time.Time{}
	for i, f := range facts {
		was := result.Status
		if !f.gaveUp {
			result.Message, result.Details, result.Timestamp, result.Latency = f.message, f.details, f.at, f.at.Sub(f.begin)
			result.LastRun = f.status
			switch {
			case f.status == api.Unhealthy && failed == 0:
				failed, since = 1, f.at
			case f.status == api.Unhealthy:
				failed++
			case was != api.Unhealthy:
				failed = 0
			}
		}
		result.Status = c.next(was, facts[:i+1])
		if result.Status == was {
			continue
		}
		change := api.CheckChange{From: was, To: result.Status, At: f.at, Failures: failed, Message: result.Message}
		if n := len(result.Changes); n > 0 {
			change.Lasted = f.at.Sub(result.Changes[n-1].At)
		}
		if was == api.Unhealthy {
			change.Message = recovered(failed, f.at.Sub(since), result.Message)
			failed = 0
		}
		result.Changes = append(result.Changes, change)
	}
	if len(facts) == 0 {
		result.Message = "no result yet"
	}
	return result
}

// next returns the status after the last fact.
func (c *checkLog) next(was api.Status, facts []checkFact) api.Status {
	last := facts[len(facts)-1]
	switch {
	case last.atOnce:
		return api.Unhealthy
	case last.status == api.Unhealthy:
		if len(facts) == 1 || inARow(facts, true) >= c.cfg.UnhealthyAfter {
			return api.Unhealthy
		}
		return was
	case was == api.Unhealthy && inARow(facts, false) < c.cfg.HealthyAfter:
		return was
	}
	return last.status
}

func recovered(failures int, lasted time.Duration, message string) string {
	plural := "s"
	if failures == 1 {
		plural = ""
	}
	text := fmt.Sprintf("recovered after %d failure%s, %.1fs", failures, plural, lasted.Seconds())
	if message != "" {
		text += ": " + message
	}
	return text
}

// flaps reports whether the status changed so often lately that it flaps.
func (c *checkLog) flaps(changes []api.CheckChange, now time.Time) bool {
	within, n := 20*c.cfg.Interval, 0
	if c.cfg.Interval == api.OnDemand {
		within = 10 * time.Minute
	}
	for _, change := range lastChanges(changes) {
		if change.From != api.Unknown && now.Sub(change.At) <= within {
			n++
		}
	}
	return n >= 5
}

func lastChanges(changes []api.CheckChange) []api.CheckChange {
	return changes[max(0, len(changes)-16):]
}

// inFlight returns the run that has not returned, or nil.
func (c *checkLog) inFlight() *checkRun {
	if n := len(c.runs); n > 0 && c.runs[n-1].end.IsZero() {
		return c.runs[n-1]
	}
	return nil
}

// stuckSince returns when the run in flight timed out, or the zero time.
func (c *checkLog) stuckSince(now time.Time) time.Time {
	if r := c.inFlight(); r != nil {
		if limit := r.begin.Add(c.cfg.Timeout); !limit.After(now) {
			return limit
		}
	}
	return time.Time{}
}

// crashes returns when the check panicked.
func (c *checkLog) crashes() (at []time.Time) {
	for _, r := range c.runs {
		if r.panicked && !r.end.IsZero() {
			at = append(at, r.end)
		}
	}
	return at
}

// pauses returns the shortest and the longest time that the supervisor may wait
// after the nth crash. The wait is 1 s and doubles with each crash, up to 1 min,
// ±25 %. After two minutes without a crash it starts over.
func (c *checkLog) pauses(n int) (shortest, longest time.Duration) {
	crashes, inARow := c.crashes(), 1
	for i := 1; i <= n; i++ {
		if inARow++; crashes[i].Sub(crashes[i-1]) >= 2*time.Minute {
			inARow = 1
		}
	}
	d := min(time.Minute, time.Second<<min(10, inARow-1))
	return d * 3 / 4, d * 5 / 4
}

// gap returns the time from the begin of the last run to the next, without jitter.
func (c *checkLog) gap(now time.Time) time.Duration {
	facts := c.facts(now)
	failures, successes := inARow(facts, true), inARow(facts, false)
	if failures == 0 && c.recount(now).Status != api.Unhealthy {
		return c.cfg.Interval
	}
	return min(c.cfg.Interval, c.cfg.FastInterval<<min(20, max(failures, successes)-1))
}

// due returns the first and the last moment at which the next run may begin.
func (c *checkLog) due(now time.Time) (first, last time.Time) {
	last = c.runs[len(c.runs)-1].begin
	d := c.gap(now)
	return last.Add(d * 9 / 10), last.Add(d * 11 / 10)
}
