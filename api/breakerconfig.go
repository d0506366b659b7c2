package api

import (
	"time"

	"github.com/understudy-go/understudy/actors/breaker"
)

// Off, as a setting that permits it, turns that setting off: with FailureThreshold
// Off only the rates open the circuit. It is untyped, for numbers and durations.
const Off = -1

// Window is the range of calls over which the rates of a breaker are computed. Make
// it with CountWindow or TimeWindow. The zero value is CountWindow(100).
type Window = breaker.Window

// CountWindow returns a window over the given number of last calls, at most
// 10,000,000. A negative or larger number is a *ConfigError where the window is used;
// CountWindow(0) is CountWindow(100).
func CountWindow(calls int) Window { return breaker.CountWindow(calls) }

// TimeWindow returns a window over the calls within the last span of time, at
// least 10 ns. It counts in 10 buckets, so it moves in steps of a tenth of span. A
// shorter span is a *ConfigError where the window is used; TimeWindow(0) is
// CountWindow(100).
func TimeWindow(span time.Duration) Window { return breaker.TimeWindow(span) }

// BreakerConfig holds the settings of a breaker. A field that is zero means its
// default.
//
// The mistakes of a client (a 404, no rows, a missing key) must not open the circuit.
// The dependency answered, so count them as Success, with Expected or Classify. As
// Ignored, they would leave a half-open circuit half-open for as long as nothing else
// is called.
//
//	Expected: []error{sql.ErrNoRows, redis.Nil},
//
//	Classify: func(err error) understudy.Outcome {
//		var status *StatusError
//		switch {
//		case err == nil, errors.As(err, &status) && status.Code < 500:
//			return understudy.Success
//		}
//		return understudy.Failure
//	},
type BreakerConfig struct {
	// FailureThreshold is how many consecutive failures open the circuit. Default 5; Off: only the rates open it.
	FailureThreshold int
	// FailureWindow limits the age of such a streak: a failure more than FailureWindow after the first one of the streak is
	// the first one of a new streak. Default 0: only a success ends a streak.
	FailureWindow time.Duration
	// ResetTimeout is how long the circuit stays open before trials. If the failure that opens it is marked by RetryAfter
	// with a longer delay, the circuit stays open that long, but at most MaxResetTimeout. Default 60 s; at least 1 ms with a Probe.
	ResetTimeout time.Duration
	// HalfOpenMaxCalls is how many successful trials close the circuit. At most as many trials run at once as successes are
	// still needed. Default 3.
	HalfOpenMaxCalls int
	// HalfOpenFailures is how many failed trials (or runs of Probe) a HALF_OPEN bears; one more opens the circuit again.
	// The successes need not be consecutive. A trial that is overdue, or slow while SlowCallRate is set, counts as failed.
	// Default 0: the first failed trial opens it.
	HalfOpenFailures int
	// TrialTimeout is how long a trial may take before it counts as failed. Default ResetTimeout.
	TrialTimeout time.Duration

	// Probe names a health check whose runs are the trials; calls are refused meanwhile. Default "": calls are the
	// trials. After ResetTimeout the breaker runs the check repeatedly, one run at a time. As many healthy runs as
	// HalfOpenMaxCalls close the circuit. A run fails if it is UNHEALTHY, blocked by a dependency, stuck, or has not
	// returned within TrialTimeout; more failed runs than HalfOpenFailures open the circuit again. A DEGRADED run fails if
	// SlowCallRate is set; otherwise it counts as healthy. Each run counts by itself, whatever the check's UnhealthyAfter and HealthyAfter.
	//
	// The check must not call through this breaker, which would refuse it. The check may be registered after the
	// breaker. If no check has that name when the breaker needs it, calls are the trials of this HALF_OPEN, and a
	// ProbeUnanswered event and a WARN report it. Probe runs are not calls: in BreakerStats they appear only in Trials.
	// Reset, ForceOpen and Disable do not wait for a run. A changed Probe takes effect at the next HALF_OPEN.
	Probe string

	// Window is the range of calls over which the rates are computed. Default CountWindow(100).
	Window Window
	// MinimumCalls is how many calls the window must hold before the rates can open the circuit. Default 20, or the
	// size of the CountWindow if that is smaller.
	MinimumCalls int
	// FailureRate is the share of failures that opens the circuit, 0 < r <= 1. Default 0: off.
	FailureRate float64
	// SlowCall is how long a call must take to be a slow one. Default 0: off.
	SlowCall time.Duration
	// SlowCallRate is the share of slow calls that opens the circuit, 0 < r <= 1. Default 0: off.
	SlowCallRate float64
	// ResetBackoff multiplies ResetTimeout each time the circuit opens again without a recovery. Default 1; at least 1.
	ResetBackoff float64
	// MaxResetTimeout limits the times that ResetBackoff and RetryAfter lengthen. Default 10 min; at least ResetTimeout.
	MaxResetTimeout time.Duration

	// Expected lists errors that are Success, compared with errors.Is: the dependency answered. What a *TimeoutError
	// unwraps to does not count, because it came too late. Default none.
	Expected []error
	// Excluded lists errors that are Ignored, compared as those of Expected. Default none.
	Excluded []error
	// Classify returns the outcome of a call that returned err, which may be nil. It replaces Expected, Excluded and the
	// default. It is not asked about an error of a call whose ctx was cancelled, nor about one marked by Ignore: these are
	// Ignored. It runs in the goroutine of the caller and may be called concurrently. Default: nil is Success; Expected is
	// Success; Excluded, context.Canceled and refusals are Ignored; any other error is Failure.
	Classify func(error) Outcome
}

// MarshalJSON returns the settings as JSON: names in snake_case, durations like
// "30s", the Window like "100 calls", and errors as their text. Classify is left
// out.
func (c BreakerConfig) MarshalJSON() ([]byte, error) { return asJSON(c) }

// MarshalYAML returns what a YAML encoder writes for the settings, as in JSON.
func (c BreakerConfig) MarshalYAML() (any, error) { return asYAML(c) }

// Check returns the *ConfigError that Configure of the breaker with that name would
// return for the settings; nil if they are valid. It changes nothing.
func (c BreakerConfig) Check(name string) error {
	_, err := breaker.Config(c).Normalize(name)
	return err
}
