package breaker

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/storytest"
	"github.com/understudy-go/understudy/messages"
)

func TestStories(t *testing.T) {
	storytest.Play(t, func(t *testing.T) func([]string) string {
		s := &stage{permits: map[string]messages.Permit{}}
		return func(words []string) string { return s.play(t, words) }
	})
}

// stage is the machine of a story and its running calls.
type stage struct {
	m       *machine
	permits map[string]messages.Permit
	asked   messages.Permit // of the probe's last run
}

// play plays one step: "0s settings failures=5", "1s first calls", "2s first
// fails", "3s 20 calls succeed", "9s probe is HEALTHY", "9s trip deploy" or "9s stats".
func (s *stage) play(t *testing.T, words []string) string {
	now, what, rest := at(t, words[0]), words[1], words[2:]
	switch what {
	case "settings":
		return s.settings(t, now, rest)
	case "stats":
		stats, e := s.m.stats(now)
		return s.news(describe(stats), e)
	case "reset":
		return s.news("done", s.m.control(now, messages.Control{Order: messages.Reset}))
	case "force-open":
		return s.news("done", s.m.control(now, messages.Control{Order: messages.ForceOpen}))
	case "disable":
		return s.news("done", s.m.control(now, messages.Control{Order: messages.Disable}))
	case "trip":
		return s.news("done", s.m.control(now, messages.Control{Order: messages.Trip, Reason: strings.Join(rest, " ")}))
	case "try-now":
		return s.news("done", s.m.control(now, messages.Control{Order: messages.TryNow}))
	case "probe":
		return s.probe(t, now, rest)
	case "timer":
		if due := s.m.wake(now); due.After(now) {
			return "set to " + due.Sub(noon).String()
		} else if !due.IsZero() {
			return s.news("goes off", s.m.tick(now))
		}
		return "none"
	}
	if n, err := strconv.Atoi(what); err == nil {
		return s.many(t, now, n, rest)
	}
	require.NotEmpty(t, rest, "%s does what?", what)
	if rest[0] == "calls" {
		return s.call(now, what)
	}
	require.Contains(t, s.permits, what, "%s has no call", what)
	return s.end(t, now, what, rest)
}

func (s *stage) settings(t *testing.T, now time.Time, words []string) string {
	cfg, err := readConfig(t, words).Normalize("api")
	switch {
	case err != nil:
		return err.Error()
	case s.m == nil:
		made := newMachine(&cfg)
		s.m = &made
		return "taken"
	}
	return s.news("taken", s.m.configure(now, &cfg))
}

func (s *stage) call(now time.Time, who string) string {
	p, admitted, e := s.m.call(now, messages.Call{})
	switch {
	case !admitted:
		return s.news("refused", e)
	case p.Trial > 0:
		s.permits[who] = p
		return s.news("a trial", e)
	}
	s.permits[who] = p
	return s.news("admitted", e)
}

func (s *stage) end(t *testing.T, now time.Time, who string, words []string) string {
	late := s.m.totals.Late
	r := readResult(t, words)
	r.Permit = s.permits[who]
	e := s.m.result(now, &r)
	if s.m.totals.Late > late {
		return s.news("late", e)
	}
	return s.news("counted", e)
}

// many makes n calls, one after the other, each of which ends at once.
func (s *stage) many(t *testing.T, now time.Time, n int, words []string) string {
	require.Greater(t, len(words), 1, "how do the calls end?")
	var all []string
	for range n {
		result := s.call(now, "one")
		if !strings.HasPrefix(result, "refused") {
			_, change, _ := strings.Cut(result, ", ")
			result = strings.TrimPrefix(change+", "+s.end(t, now, "one", words[1:]), ", ")
		}
		if len(all) == 0 || all[len(all)-1] != result {
			all = append(all, result)
		}
	}
	return strings.Join(all, ", then ")
}

// news returns what happened in a step: what, and the events.
func (s *stage) news(what string, e effects) string {
	switch {
	case e.changed && e.change.From == e.change.To:
		what = fmt.Sprintf("%s, %v still (%s)", what, e.change.To, e.change.Reason)
	case e.changed:
		what = fmt.Sprintf("%s, %v now (%s)", what, e.change.To, e.change.Reason)
	case e.unanswered != nil:
		what = fmt.Sprintf("%s, %s does not answer", what, e.unanswered.Probe)
	}
	if e.ask != nil {
		s.asked = e.ask.Permit
		what = fmt.Sprintf("%s, %s is asked", what, e.ask.Check)
	}
	return what
}

func (s *stage) probe(t *testing.T, now time.Time, words []string) string {
	require.Len(t, words, 2, "the probe is how?")
	var status messages.Status
	require.NoError(t, status.UnmarshalText([]byte(words[1])))
	running, epoch := len(s.m.trials), s.m.epoch
	e := s.m.probed(now, messages.Probed{Permit: s.asked, Status: status})
	if len(s.m.trials) == running && s.m.epoch == epoch && e.ask == nil {
		return s.news("stale", e)
	}
	return s.news("heard", e)
}

func describe(s messages.BreakerStats) string {
	text := s.State.String()
	if s.Mode != messages.Automatic {
		text += " (" + s.Mode.String() + ")"
	}
	for _, c := range []struct {
		n    uint64
		what string
	}{
		{uint64(s.ConsecutiveFailures), "in a row"}, {uint64(s.Trials), "on trial"},
		{s.Successes, "succeeded"}, {s.Failures, "failed"}, {s.Ignored, "ignored"}, {s.Slow, "slow"},
		{s.Rejected, "refused"}, {s.Late, "late"},
	} {
		if c.n > 0 {
			text += fmt.Sprintf(", %d %s", c.n, c.what)
		}
	}
	if s.FailureRate > 0 {
		text += fmt.Sprintf(", %.0f%% of the window failed", 100*s.FailureRate)
	}
	if s.TimeUntilReset > 0 {
		text += fmt.Sprintf(", resets in %v", s.TimeUntilReset)
	}
	return text
}

func readResult(t *testing.T, words []string) (r messages.Result) {
	switch words[0] {
	case "succeeds", "succeed":
		r.Outcome = messages.Success
	case "fails", "fail":
		r.Outcome = messages.Failure
	case "leaves", "leave":
		r.Outcome = messages.Ignored
	default:
		t.Fatalf("no call %q", words[0])
	}
	if len(words) > 1 {
		require.Equal(t, "slowly", words[1])
		r.Slow = true
	}
	return r
}

func readConfig(t *testing.T, words []string) (cfg Config) {
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "failures":
			cfg.FailureThreshold = Off
			if value != "off" {
				cfg.FailureThreshold = int(number(t, value))
			}
		case "streak":
			cfg.FailureWindow = span(t, value)
		case "bears":
			cfg.HalfOpenFailures = int(number(t, value))
		case "reset":
			cfg.ResetTimeout = span(t, value)
		case "trials":
			cfg.HalfOpenMaxCalls = int(number(t, value))
		case "probe":
			cfg.Probe = value
		case "trial-timeout":
			cfg.TrialTimeout = span(t, value)
		case "calls":
			cfg.Window = CountWindow(int(number(t, value)))
		case "last":
			cfg.Window = TimeWindow(span(t, value))
		case "minimum":
			cfg.MinimumCalls = int(number(t, value))
		case "failure-rate":
			cfg.FailureRate = number(t, value)
		case "slow":
			cfg.SlowCall = span(t, value)
		case "slow-rate":
			cfg.SlowCallRate = number(t, value)
		case "backoff":
			cfg.ResetBackoff = number(t, value)
		case "max-reset":
			cfg.MaxResetTimeout = span(t, value)
		default:
			t.Fatalf("no setting %q", word)
		}
	}
	return cfg
}

func number(t *testing.T, word string) float64 {
	f, err := strconv.ParseFloat(word, 64)
	require.NoError(t, err)
	return f
}

func span(t *testing.T, word string) time.Duration {
	d, err := time.ParseDuration(word)
	require.NoError(t, err)
	return d
}
