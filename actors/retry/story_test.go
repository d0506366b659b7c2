package retry

import (
	"cmp"
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
		return func(words []string) string { return play(t, &m, words) }
	})
}

// play plays one step: "0s settings attempts=4", "1s attempt 2 fails calls=9"
// or "9s stats".
func play(t *testing.T, m **machine, words []string) string {
	now, what, rest := at(t, words[0]), words[1], words[2:]
	switch what {
	case "settings":
		cfg, err := readConfig(t, rest).Normalize("api")
		switch {
		case err != nil:
			return err.Error()
		case *m == nil:
			made := newMachine("api", cfg, now)
			*m = &made
		default:
			(*m).configure(now, cfg)
		}
		return "taken"
	case "attempt":
		a, random := readAttempt(t, now, rest)
		a.Settings, a.Backoff = (*m).settings, (*m).cfg.backoff(a.Number, nil)
		return verdict((*m).failed(a, random).verdict)
	case "stats":
		s := (*m).stats
		return fmt.Sprintf("%d retried, %v waited, %d exhausted, %d throttled", s.Retries, s.Waited, s.Exhausted, s.Throttled)
	}
	t.Fatalf("there is no step %q", what)
	return ""
}

func verdict(v messages.Verdict) string {
	if v.Again {
		return fmt.Sprintf("again in %v", v.Delay)
	}
	return "give up: " + v.Reason
}

func readConfig(t *testing.T, words []string) Config {
	var cfg Config
	budget := &Budget{}
	for _, word := range words {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "attempts":
			cfg.MaxAttempts = Unlimited
			if value != "unlimited" {
				cfg.MaxAttempts = int(number(t, value))
			}
		case "initial":
			cfg.InitialDelay = span(t, value)
		case "factor":
			cfg.BackoffFactor = number(t, value)
		case "max":
			cfg.MaxDelay = span(t, value)
		case "jitter":
			require.NoError(t, cfg.Jitter.UnmarshalText([]byte(strings.ReplaceAll(value, "-", " "))))
		case "backoff":
			cfg.Backoff = func(attempt int, _ error) time.Duration { return time.Duration(attempt) * span(t, value) }
		case "ratio":
			cfg.Budget, budget.Ratio = budget, number(t, value)
		case "min-per-second":
			cfg.Budget, budget.MinPerSecond = budget, number(t, value)
		case "window":
			cfg.Budget, budget.Window = budget, span(t, value)
		default:
			t.Fatalf("no setting %q", word)
		}
	}
	return cfg
}

func readAttempt(t *testing.T, now time.Time, words []string) (a messages.Attempt, random float64) {
	random = 0.5
	a = messages.Attempt{At: now, Number: int(number(t, words[0])), Retryable: true}
	for _, word := range words[1:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "fails":
		case "permanently":
			a.Retryable = false
		case "calls":
			a.Calls = uint64(number(t, value))
		case "retry-after":
			a.RetryAfter = span(t, value)
		case "deadline":
			a.Deadline = at(t, value)
		case "random":
			random = number(t, value)
		default:
			t.Fatalf("an attempt has no %q", word)
		}
	}
	return a, random
}

func number(t *testing.T, word string) float64 {
	f, err := strconv.ParseFloat(cmp.Or(word, "nothing"), 64)
	require.NoError(t, err)
	return f
}

func span(t *testing.T, word string) time.Duration {
	d, err := time.ParseDuration(word)
	require.NoError(t, err)
	return d
}
