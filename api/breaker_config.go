package api

import (
	"time"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/messages"
)

// BreakerConfig holds the settings of a breaker. Fields that are zero have
// their defaults:
//
//	FailureThreshold  5          consecutive failures that open it; Off: rates alone decide
//	ResetTimeout      60 s       how long it stays open before trials
//	HalfOpenMaxCalls  3          trials admitted at once, and successes needed to close
//	TrialTimeout      as Reset   a trial not reported by then counts as failed
//	Probe             none       a health check that makes the trials instead of callers: see below
//	Window            100 calls  what the rates are taken over: CountWindow or TimeWindow
//	MinimumCalls      20         no rate is judged on fewer (or the count window if smaller)
//	FailureRate       off        0 < r <= 1: opens at this share of failures
//	SlowCall          off        a call that took this long or longer is slow
//	SlowCallRate      off        0 < r <= 1: opens at this share of slow calls
//	ResetBackoff      1          each re-opening without a recovery multiplies ResetTimeout
//	MaxResetTimeout   10 min     its cap
//	Excluded          none       errors that are Ignored (errors.Is)
//	Classify          none       replaces: nil Success; Excluded, context.Canceled Ignored; else Failure
//
// With a Probe no caller is sacrificed to find out whether the dependency is
// well again. Once ResetTimeout is over, the breaker itself runs that check
// (Health.Run), one run after the other; callers are refused meanwhile. As many
// healthy runs in a row as HalfOpenMaxCalls close the circuit. A run that is
// UNHEALTHY, blocked by a dependency, stuck, or not back within TrialTimeout
// opens it again, as a failed trial does. A DEGRADED run is a slow trial: it
// opens the circuit again if SlowCallRate is set, and is healthy otherwise. Each
// run counts by itself, whatever the check's UnhealthyAfter and HealthyAfter.
// The check must not go through this breaker, which would refuse it. It may be
// registered after the breaker. If nothing has that name when
// it is asked, or no longer, callers make the trials that time, and a
// ProbeUnanswered event and a WARN tell it. Runs of a probe are no calls: they
// are in no total of BreakerStats but Trials. Reset, ForceOpen and Disable do
// not wait for it; what Configure changes of it serves from the next HALF_OPEN on.
//
// To keep a client's mistakes from tripping the breaker, classify them:
//
//	Classify: func(err error) api.Outcome {
//		var status *StatusError
//		switch {
//		case err == nil:
//			return api.Success
//		case errors.Is(err, context.Canceled), errors.As(err, &status) && status.Code < 500:
//			return api.Ignored
//		}
//		return api.Failure
//	}
type BreakerConfig = breaker.Config

// Window is what rates are taken over: CountWindow or TimeWindow.
type Window = breaker.Window

// CountWindow is the last so many calls; at most 10,000,000.
func CountWindow(calls int) Window { return breaker.CountWindow(calls) }

// TimeWindow is the last span of time, kept in 10 buckets.
func TimeWindow(span time.Duration) Window { return breaker.TimeWindow(span) }

// Off as FailureThreshold leaves the decision to the rates alone.
const Off int = breaker.Off

// State is where a breaker stands: Closed, Open or HalfOpen. Its String is
// "CLOSED", "OPEN" or "HALF_OPEN".
type State = messages.State

// The states of a breaker.
const (
	Closed   = messages.Closed   // calls are admitted
	Open     = messages.Open     // calls are refused
	HalfOpen = messages.HalfOpen // a few trials are admitted
)

// Outcome is what a breaker makes of how a call ended.
type Outcome = messages.Outcome

// The outcomes of a call.
const (
	Success = messages.Success // the dependency is well
	Failure = messages.Failure // it is not
	Ignored = messages.Ignored // says nothing about it
)

// Mode tells who decides a breaker's state.
type Mode = messages.Mode

// The modes of a breaker.
const (
	Automatic  = messages.Automatic  // the breaker itself
	ForcedOpen = messages.ForcedOpen // ForceOpen, until Reset
	Disabled   = messages.Disabled   // Disable, until Reset
)

// BreakerStats is what a breaker has counted: Name, State, Mode,
// ConsecutiveFailures; the totals since it was made: Successes, Failures,
// Ignored, Rejected, Late (results from before the last change of state), Slow,
// Opened; Trials running now; FailureRate of the window (0 below MinimumCalls,
// or when no rate is set); TimeUntilReset (0 unless OPEN).
type BreakerStats = messages.BreakerStats
