package health

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
		var m *machine
		return func(words []string) string {
			since, err := time.ParseDuration(words[0])
			require.NoError(t, err)
			if words[1] == "register" {
				m = newMachine(readConfig(t, words[2:]))
			}
			return play(t, m, t0.Add(since), words[1], strings.Join(words[2:], " "))
		}
	})
}

// play plays one step: "0s register timeout=2s", "1s slot", "2s healthy",
// "2s unhealthy refused", "2s panic oh", "3s tick", "3s asked", "3s blocked",
// "4s restart" or "5s read".
func play(t *testing.T, m *machine, now time.Time, what, rest string) string {
	r := messages.RunResult{At: now, Run: m.run, Message: rest}
	var e effects
	switch what {
	case "register":
		e = m.begin()
	case "slot":
		e = m.granted(now, 0.5)
	case "blocked":
		e = m.blocked(now)
	case "asked":
		e = m.call(now)
	case "tick":
		e = m.tick(now)
	case "restart":
		e = m.restart(false)
	case "panic":
		r.Panicked, r.Message = true, rest
		e = m.result(r)
	case "read":
		got := m.view(m.startedAt).read(now)
		return strings.TrimSpace(got.Status.String() + " " + got.Message)
	default:
		require.NoError(t, r.Status.UnmarshalText([]byte(what)))
		e = m.result(r)
	}
	return inWords(m, e, now)
}

func inWords(m *machine, e effects, now time.Time) string {
	var words []string
	say := func(when bool, format string, args ...any) {
		if when {
			words = append(words, fmt.Sprintf(format, args...))
		}
	}
	say(e.publish, "says %q", m.view(now).read(now).Message)
	say(e.changed, "%v becomes %v", e.from, m.status)
	say(e.answer, "answers the callers")
	say(e.release, "gives its slot back")
	say(e.start != 0, "run %d begins", e.start)
	say(e.restarted, "restarted %d times", m.last.Restarts)
	say(e.acquire, "wants a slot")
	say(e.crash, "crashes")
	if at := m.wake(); !at.IsZero() {
		say(true, "next tick %v", at.Sub(t0).Round(time.Millisecond))
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

func readConfig(t *testing.T, words []string) Config {
	var cfg Config
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		span, spanErr := time.ParseDuration(value)
		count, countErr := strconv.Atoi(value)
		switch key {
		case "timeout":
			require.NoError(t, spanErr)
			cfg.Timeout = span
		case "interval":
			require.NoError(t, spanErr)
			cfg.Interval = span
		case "on-demand":
			cfg.Interval = OnDemand
		case "unhealthy-after":
			require.NoError(t, countErr)
			cfg.UnhealthyAfter = count
		case "healthy-after":
			require.NoError(t, countErr)
			cfg.HealthyAfter = count
		default:
			t.Fatalf("no setting %q", word)
		}
	}
	return cfg
}
