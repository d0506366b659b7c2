package retry

import (
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Config is how a retry policy behaves. The zero value of a field means its default.
type Config struct {
	MaxAttempts   int                                               // the first one included; default 3
	InitialDelay  time.Duration                                     // before the second attempt; default 1 s (1 ns for none)
	BackoffFactor float64                                           // each wait is so many times the one before; default 2, at least 1
	MaxDelay      time.Duration                                     // no wait is longer, jitter and RetryAfter included; default 60 s
	Jitter        Jitter                                            // default JitterProportional: ±25 %
	Retryable     func(error) bool                                  // runs in the caller; default: all but context.Canceled, ErrCircuitOpen, ErrShutdown and Permanent
	OnRetry       func(err error, attempt int, delay time.Duration) // runs in the caller before each wait; attempt is the one that failed
	Budget        *Budget                                           // shared by all calls of the policy; nil: no budget
}

// Budget bounds the retries of all calls of a policy together, so that a
// dependency in trouble is not buried under retries.
type Budget struct {
	Ratio        float64       // retries allowed per call over Window; 0 or more
	MinPerSecond float64       // always allowed on top; 0 or more
	Window       time.Duration // what Ratio looks back on; default 10 s
}

// Jitter spreads the waits of callers that failed together.
type Jitter uint8

// The jitters of a wait d.
const (
	JitterProportional Jitter = iota // ±25 % of d
	JitterNone                       // d exactly
	JitterFull                       // 0 to d
	JitterEqual                      // d/2 to d
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

// Delay returns a wait after that attempt (1, 2, 3, ...) failed, jitter
// included: drawn anew at each call, from 0 to MaxDelay. Unset fields count as
// their defaults.
func (c Config) Delay(attempt int) time.Duration {
	return c.withDefaults().delay(attempt, rand.Float64())
}

// delay is Delay with its random number, in [0, 1), given.
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
	return max(c.MaxDelay, 0) // also when d is no number
}

// Checked returns cfg with its defaults filled in, or the *messages.ConfigError
// that tells what is wrong with it.
func Checked(name string, cfg Config) (Config, error) {
	cfg = cfg.withDefaults()
	if err := cfg.validate(name); err != nil {
		return Config{}, err
	}
	return cfg, nil
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

// withDefaults returns a copy, which nobody else can change.
func (b *Budget) withDefaults() *Budget {
	filled := *b
	if filled.Window == 0 {
		filled.Window = 10 * time.Second
	}
	return &filled
}

// validate checks settings whose defaults are filled in.
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
