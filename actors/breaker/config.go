package breaker

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Off, as a FailureThreshold, means that only the rates open the circuit.
const Off = -1

// Config holds the settings of a breaker. A zero field means its default.
type Config struct {
	// FailureThreshold is how many consecutive failures open the circuit. Default 5; Off: only the rates do.
	FailureThreshold int
	// FailureWindow limits the age of a streak: a failure that finds the first of its streak older than this is the first
	// of a new one. Default 0: a streak has no end but a success.
	FailureWindow time.Duration
	// ResetTimeout is how long the circuit stays open before trials. Default 60 s; at least 1 ms with a Probe.
	ResetTimeout time.Duration
	// HalfOpenMaxCalls is how many successful trials close the circuit. At most as many run at the same time as are still
	// needed. Default 3.
	HalfOpenMaxCalls int
	// HalfOpenFailures is how many failed trials of one HALF_OPEN are borne. A further one opens the circuit again. Default
	// 0: the first one does.
	HalfOpenFailures int
	// TrialTimeout is the time after which a trial without a result counts as failed. Default ResetTimeout.
	TrialTimeout time.Duration
	// Probe names a health check whose runs are the trials once ResetTimeout is over, in place of callers' calls:
	// HalfOpenMaxCalls healthy runs close the circuit. Default "": callers' calls are the trials.
	Probe string
	// Window is the window of the rates. Default CountWindow(100).
	Window Window
	// MinimumCalls is how many calls the window must hold before a rate can open the circuit. Default 20, or the count window if smaller.
	MinimumCalls int
	// FailureRate opens the circuit at this share of failures, 0 < r <= 1. Default 0: off.
	FailureRate float64
	// SlowCall is the duration from which a call is slow. Default 0: off.
	SlowCall time.Duration
	// SlowCallRate opens the circuit at this share of slow calls, 0 < r <= 1. Default 0: off.
	SlowCallRate float64
	// ResetBackoff multiplies ResetTimeout with each opening after a failed trial, until a recovery. Default 1; at least 1.
	ResetBackoff float64
	// MaxResetTimeout is the upper limit of ResetTimeout as ResetBackoff raises it. Default 10 min; at least ResetTimeout.
	MaxResetTimeout time.Duration
	// Expected lists errors, compared by errors.Is, that are Success: the dependency answered.
	Expected []error
	// Excluded lists errors, compared by errors.Is, that are Ignored: they say nothing about the dependency.
	Excluded []error
	// Classify returns the outcome of a call from its error, in place of Expected, Excluded and the default; see judge. It
	// runs in the caller's goroutine and must be safe for concurrent use.
	Classify func(error) messages.Outcome
}

// Normalize returns the settings of the breaker of that name with their defaults
// filled in. If the name or a setting is bad it returns a *messages.ConfigError.
func (c Config) Normalize(name string) (Config, error) {
	c = c.withDefaults()
	return c, c.validate(name)
}

func (c Config) withDefaults() Config {
	c.FailureThreshold = cmp.Or(c.FailureThreshold, 5)
	c.ResetTimeout = cmp.Or(c.ResetTimeout, 60*time.Second)
	c.HalfOpenMaxCalls = cmp.Or(c.HalfOpenMaxCalls, 3)
	c.TrialTimeout = cmp.Or(c.TrialTimeout, c.ResetTimeout)
	if c.Window == (Window{}) {
		c.Window = CountWindow(defaultWindow)
	}
	if c.MinimumCalls == 0 {
		c.MinimumCalls = 20
		if n := c.Window.calls; n > 0 {
			c.MinimumCalls = min(n, c.MinimumCalls)
		}
	}
	c.ResetBackoff = cmp.Or(c.ResetBackoff, 1)
	c.Expected, c.Excluded = slices.Clone(c.Expected), slices.Clone(c.Excluded)
	c.MaxResetTimeout = cmp.Or(c.MaxResetTimeout, max(10*time.Minute, c.ResetTimeout))
	return c
}

// maxWindow limits the calls, and so the memory, of a count window: two bytes per
// call.
const maxWindow = 10_000_000

// minProbed is the shortest ResetTimeout of a breaker with a Probe, which runs again
// after each ResetTimeout, even if nobody calls.
const minProbed = time.Millisecond

// validate returns the *messages.ConfigError of settings with their defaults, or
// nil.
func (c Config) validate(name string) error {
	bad := func(field, problem string) error {
		return &messages.ConfigError{Kind: "breaker", Name: name, Field: field, Problem: problem}
	}
	negative := func(field string, v any) error { return bad(field, messages.MustNotBeNegative(v)) }
	switch {
	case messages.NameProblem(name) != "":
		return bad("Name", messages.NameProblem(name))
	case c.FailureThreshold < Off:
		return negative("FailureThreshold", c.FailureThreshold)
	case c.FailureWindow < 0:
		return negative("FailureWindow", c.FailureWindow)
	case c.ResetTimeout < 0:
		return negative("ResetTimeout", c.ResetTimeout)
	case c.HalfOpenMaxCalls < 0:
		return negative("HalfOpenMaxCalls", c.HalfOpenMaxCalls)
	case c.HalfOpenFailures < 0:
		return negative("HalfOpenFailures", c.HalfOpenFailures)
	case c.TrialTimeout < 0:
		return negative("TrialTimeout", c.TrialTimeout)
	case c.Probe != "" && strings.TrimSpace(c.Probe) == "":
		return bad("Probe", "must not be blank")
	case c.Probe != "" && messages.NameProblem(c.Probe) != "":
		return bad("Probe", messages.NameProblem(c.Probe))
	case c.Probe != "" && c.ResetTimeout < minProbed:
		return bad("ResetTimeout", messages.MustBeAtLeast("1ms with a Probe", c.ResetTimeout))
	case c.Window.calls < 0:
		return negative("Window", c.Window.calls)
	case c.Window.span < 0:
		return negative("Window", c.Window.span)
	case c.Window.calls > maxWindow:
		return bad("Window", messages.MustBeAtMost("10,000,000 calls", c.Window.calls))
	case c.Window.span > 0 && c.Window.span < buckets:
		return bad("Window", messages.MustBeAtLeast("10ns", c.Window.span))
	case c.MinimumCalls < 0:
		return negative("MinimumCalls", c.MinimumCalls)
	case c.Window.calls > 0 && c.MinimumCalls > c.Window.calls:
		return bad("MinimumCalls", messages.MustBeAtMost("the calls of Window", c.MinimumCalls))
	case !isRate(c.FailureRate):
		return bad("FailureRate", messages.MustBeFrom(0, 1, c.FailureRate))
	case c.SlowCall < 0:
		return negative("SlowCall", c.SlowCall)
	case !isRate(c.SlowCallRate):
		return bad("SlowCallRate", messages.MustBeFrom(0, 1, c.SlowCallRate))
	case c.SlowCallRate > 0 && c.SlowCall == 0:
		return bad("SlowCallRate", "needs SlowCall")
	case !(c.ResetBackoff >= 1) || math.IsInf(c.ResetBackoff, 1):
		return bad("ResetBackoff", messages.MustBeFinite(1, c.ResetBackoff))
	case c.MaxResetTimeout < c.ResetTimeout:
		return bad("MaxResetTimeout", messages.MustBeAtLeast("ResetTimeout", c.MaxResetTimeout))
	}
	return nil
}

func isRate(r float64) bool { return r >= 0 && r <= 1 } // false for NaN

// judgesRates reports whether a rate is set, so that a window is needed.
func (c *Config) judgesRates() bool { return c.FailureRate > 0 || c.SlowCallRate > 0 }

// judgesBuckets reports whether the window is a time window that is needed.
func (c *Config) judgesBuckets() bool { return c.judgesRates() && c.Window.span > 0 }

// isSlow reports whether a call that took so long is slow.
func (c *Config) isSlow(took time.Duration) bool { return c.SlowCall > 0 && took >= c.SlowCall }

// resetTimeout returns how long the circuit stays open after that number of
// openings by failed trials without a recovery.
func (c *Config) resetTimeout(reopenings int) time.Duration {
	d := float64(c.ResetTimeout) * math.Pow(c.ResetBackoff, float64(reopenings))
	if d < float64(c.MaxResetTimeout) {
		return time.Duration(d)
	}
	return c.MaxResetTimeout
}
