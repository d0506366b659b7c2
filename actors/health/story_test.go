package health

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

var rewrite = flag.Bool("rewrite", false, "write what happened into the stories")

// TestStories plays the stories in testdata. A line with an arrow is a step:
// what happens at a moment, and what the machine makes of it. All other lines
// are words.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			require.NoError(t, err)
			told := tell(t, string(text))
			if *rewrite {
				require.NoError(t, os.WriteFile(file, []byte(told), 0o644))
			}
			require.Equal(t, string(text), told)
		})
	}
}

func tell(t *testing.T, text string) string {
	var m *machine
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		step, _, ok := strings.Cut(line, "->")
		if !ok {
			continue
		}
		words := strings.Fields(step)
		require.GreaterOrEqual(t, len(words), 2, "a step is a moment and what happens: %q", line)
		since, err := time.ParseDuration(words[0])
		require.NoError(t, err)
		if words[1] == "register" {
			m = newMachine(readConfig(t, words[2:]))
		}
		lines[i] = step + "-> " + play(t, m, t0.Add(since), words[1], strings.Join(words[2:], " "))
	}
	return strings.Join(lines, "\n")
}

// play makes one step: "0s register timeout=2s", "1s slot", "2s healthy",
// "2s unhealthy refused", "2s panic oh", "3s tick", "3s asked", "3s blocked",
// "4s restart" or
// "5s read".
func play(t *testing.T, m *machine, now time.Time, what, rest string) string {
	r := messages.RunResult{At: now, Run: m.run, Message: rest}
	var e effects
	switch what {
	case "register":
		e = m.begin()
	case "slot":
		e = m.granted(now)
	case "blocked":
		e = m.blocked(now)
	case "asked":
		e = m.call(now)
	case "tick":
		e = m.tick(now)
	case "restart":
		e = m.restart(false)
	case "panic":
		r.Panicked, r.Message = true, "panicked: "+rest
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
	say(e.answer, "answers who asked")
	say(e.release, "gives its slot back")
	say(e.start != 0, "run %d begins", e.start)
	say(e.restarted, "restarted %d times", m.last.Restarts)
	say(e.acquire, "wants a slot")
	say(e.crash != "", "crashes")
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
