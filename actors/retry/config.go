package retry

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Config holds the settings of a retry policy. A zero field means its default.
type Config struct {
	MaxAttempts   int                                               // of one call, the first included; default 3
	InitialDelay  time.Duration                                     // before the second attempt; default 1 s (1 ns for none)
	BackoffFactor float64                                           // each wait is so many times the wait before it; at least 1; default 2
	MaxDelay      time.Duration                                     // limit of every wait, jitter and RetryAfter included; default 60 s
	Jitter        Jitter                                            // default JitterProportional: ±25 %
	Retryable     func(error) bool                                  // reports whether to retry after err; runs in the caller's goroutine; default: all errors except context.Canceled, ErrCircuitOpen, ErrShutdown and those of Permanent
	OnRetry       func(err error, attempt int, delay time.Duration) // runs in the caller's goroutine before each wait; attempt is the one that failed; nil: nothing runs
	Budget        *Budget                                           // shared by all calls of the policy; nil: no budget
}

// Budget limits the retries of all calls of a policy together, so that retries do
// not overload a dependency that fails.
type Budget struct {
	Ratio        float64       // retries allowed per call in Window; 0 or more
	MinPerSecond float64       // retries per second that are allowed in addition; 0 or more
	Window       time.Duration // how long calls and retries are counted; default 10 s
}

// Jitter spreads the waits of callers that failed together.
type Jitter uint8

// The jitters. The comment gives the range of a wait that is d without jitter.
const (
	JitterProportional Jitter = iota // d ± 25 %
	JitterNone                       // exactly d
	JitterFull                       // from 0 to d
	JitterEqual                      // from d/2 to d
)

// String returns "proportional", "none", "full" or "equal".
func (j Jitter) String() string {
	switch j {
	case JitterProportional:
		return "proportional"
	case JitterNone:
		return "none"
	case JitterFull:
		return "full"
	case JitterEqual:
		return "equal"
	}
	return "unknown"
}

// Delay returns the wait after the given attempt (1, 2, 3, ...) has failed, from 0
// to MaxDelay. Its jitter is random, and so differs from call to call. A zero
// field means its default.
func (c Config) Delay(attempt int) time.Duration {
	return c.withDefaults().delay(attempt, rand.Float64())
}

// delay is Delay of settings with their defaults. Random, in [0, 1), is the random
// number for the jitter.
func (c Config) delay(attempt int, random float64) time.Duration {
	d := math.Min(float64(c.InitialDelay)*math.Pow(c.BackoffFactor, float64(max(attempt, 1)-1)), float64(c.MaxDelay))
	switch c.Jitter {
	case JitterProportional:
		d *= 0.75 + 0.5*random
	case JitterFull:
		d *= random
	case JitterEqual:
		d *= 0.5 + 0.5*random
	}
	if d < float64(c.MaxDelay) {
		return max(time.Duration(d), 0)
	}
	return max(c.MaxDelay, 0) // also if d is not a number
}

// Normalize returns the settings of the policy of that name with their defaults
// filled in. If the name or a setting is bad it returns a *messages.ConfigError.
func (c Config) Normalize(name string) (Config, error) {
	c = c.withDefaults()
	if err := c.validate(name); err != nil {
		return Config{}, err
	}
	return c, nil
}

func (c Config) withDefaults() Config {
	if c.MaxAttempts == 0 {
		c.MaxAttempts = 3
	}
	if c.InitialDelay == 0 {
		c.InitialDelay = time.Second
	}
	if c.BackoffFactor == 0 {
		c.BackoffFactor = 2
	}
	if c.MaxDelay == 0 {
		c.MaxDelay = time.Minute
	}
	if c.Budget != nil {
		c.Budget = c.Budget.withDefaults()
	}
	return c
}

// withDefaults returns a copy, so that the caller cannot change what the policy
// uses.
func (b *Budget) withDefaults() *Budget {
	filled := *b
	if filled.Window == 0 {
		filled.Window = 10 * time.Second
	}
	return &filled
}

// validate returns the *messages.ConfigError of settings with their defaults, or
// nil.
func (c Config) validate(name string) error {
	field, problem := "", ""
	switch {
	case messages.NameProblem(name) != "":
		field, problem = "Name", messages.NameProblem(name)
	case c.MaxAttempts < 0:
		field, problem = "MaxAttempts", messages.MustNotBeNegative(c.MaxAttempts)
	case c.InitialDelay < 0:
		field, problem = "InitialDelay", messages.MustNotBeNegative(c.InitialDelay)
	case !isFinite(c.BackoffFactor) || c.BackoffFactor < 1:
		field, problem = "BackoffFactor", messages.MustBeFinite(1, c.BackoffFactor)
	case c.MaxDelay < 0:
		field, problem = "MaxDelay", messages.MustNotBeNegative(c.MaxDelay)
	case c.Jitter > JitterEqual:
		field, problem = "Jitter", fmt.Sprintf("must be one of the jitters: %d", c.Jitter)
	case c.Budget != nil:
		field, problem = c.Budget.problem()
	}
	if field == "" {
		return nil
	}
	return &messages.ConfigError{Kind: "retry", Name: name, Field: field, Problem: problem}
}

// problem returns the first bad field of a budget and what is wrong with it, or "".
func (b *Budget) problem() (field, problem string) {
	switch {
	case !isFinite(b.Ratio) || b.Ratio < 0:
		return "Budget.Ratio", messages.MustBeFinite(0, b.Ratio)
	case !isFinite(b.MinPerSecond) || b.MinPerSecond < 0:
		return "Budget.MinPerSecond", messages.MustBeFinite(0, b.MinPerSecond)
	case b.Window < 0:
		return "Budget.Window", messages.MustNotBeNegative(b.Window)
	}
	return "", ""
}

func isFinite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
