package retry

import (
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// Unlimited, as MaxAttempts, means that the attempts go on until the caller's
// context ends.
const Unlimited = -1

// Config holds the settings of a retry policy. A zero field means its default. The
// functions run in the caller's goroutine and must be safe for concurrent use.
type Config struct {
	MaxAttempts   int                                               // of one call, the first included; default 3; Unlimited: no limit
	InitialDelay  time.Duration                                     // before the second attempt; default 1 s (1 ns for none)
	BackoffFactor float64                                           // each wait is so many times the wait before it; at least 1; default 2
	MaxDelay      time.Duration                                     // limit of every wait, jitter and RetryAfter included; default 60 s
	Jitter        Jitter                                            // default JitterProportional: ±25 %
	Backoff       func(attempt int, err error) time.Duration        // returns the wait after that attempt failed with err, in place of InitialDelay and BackoffFactor; jitter and MaxDelay apply to it; a negative one is 0
	Retryable     func(error) bool                                  // reports whether to retry after err; default: see retries
	Classify      func(error) messages.Outcome                      // in place of Retryable: a Failure is retried
	OnRetry       func(err error, attempt int, delay time.Duration) // runs before each wait; attempt is the one that failed; nil: nothing runs
	Budget        *Budget                                           // shared by all calls of the policy; nil: no budget
}

// Budget limits the retries of all calls of a policy together, so that retries do
// not overload a dependency that fails.
type Budget struct {
	Ratio        float64       // retries allowed per call in Window; 0 or more
	MinPerSecond float64       // retries per second that are allowed in addition; 0 or more
	Window       time.Duration // how long calls and retries are counted; default 10 s
}

// Delay returns the wait after the given attempt (1, 2, 3, ...) has failed, from 0
// to MaxDelay. Its jitter is random, and so differs from call to call. A zero
// field means its default.
func (c Config) Delay(attempt int) time.Duration {
	c = c.withDefaults()
	return c.delay(attempt, c.backoff(attempt, nil), rand.Float64())
}

// backoff returns what Backoff returns for an attempt that failed with err; 0 if
// there is no Backoff.
func (c *Config) backoff(attempt int, err error) time.Duration {
	if c.Backoff == nil {
		return 0
	}
	return c.Backoff(max(attempt, 1), err)
}

// delay returns the wait after an attempt. Backoff is what the function Backoff
// returned, if there is one. Random, in [0, 1), is the random number for the jitter.
func (c *Config) delay(attempt int, backoff time.Duration, random float64) time.Duration {
	d := float64(max(backoff, 0))
	if c.Backoff == nil {
		d = float64(c.InitialDelay) * math.Pow(c.BackoffFactor, float64(max(attempt, 1)-1))
	}
	d = c.Jitter.applied(math.Min(d, float64(c.MaxDelay)), random)
	if d < float64(c.MaxDelay) {
		return max(time.Duration(d), 0)
	}
	return max(c.MaxDelay, 0) // also if d is not a number
}

// isLast reports whether no attempt follows the given one.
func (c *Config) isLast(attempt int) bool {
	return c.MaxAttempts != Unlimited && attempt >= c.MaxAttempts
}

// retries reports whether to retry after err. If it is from Permanent, never. Else
// Classify decides, or Retryable. By default all errors are retried, except refusals
// and cancellations, as messages.IsNeutral describes, and ErrShutdown. Classify is not
// asked about refusals: they say nothing about the dependency.
func (c *Config) retries(err error) bool {
	switch {
	case messages.MarksOf(err).Permanent:
		return false
	case c.Classify != nil && (isRefusal(err) || errors.Is(err, messages.ErrShutdown)):
		return false
	case c.Classify != nil:
		outcome := c.Classify(err)
		return outcome != messages.Success && outcome != messages.Ignored // one that does not exist is a Failure
	case c.Retryable != nil:
		return c.Retryable(err)
	}
	return !messages.IsNeutral(err) && !errors.Is(err, messages.ErrShutdown)
}

// isRefusal reports whether err says only that the call was refused.
func isRefusal(err error) bool { return messages.IsRefused(err) && messages.IsNeutral(err) }

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
	case c.MaxAttempts < Unlimited:
		field, problem = "MaxAttempts", messages.MustNotBeNegative(c.MaxAttempts)
	case c.InitialDelay < 0:
		field, problem = "InitialDelay", messages.MustNotBeNegative(c.InitialDelay)
	case !isFinite(c.BackoffFactor) || c.BackoffFactor < 1:
		field, problem = "BackoffFactor", messages.MustBeFinite(1, c.BackoffFactor)
	case c.MaxDelay < 0:
		field, problem = "MaxDelay", messages.MustNotBeNegative(c.MaxDelay)
	case c.Jitter.problem() != "":
		field, problem = "Jitter", c.Jitter.problem()
	case c.Classify != nil && c.Retryable != nil:
		field, problem = "Classify", "must not be set together with Retryable"
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
