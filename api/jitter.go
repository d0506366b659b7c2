package api

import (
	"time"

	"github.com/understudy-go/understudy/actors/retry"
)

// Jitter is how a delay is varied at random, so that callers that failed together
// do not retry together. Jitters can be compared with ==. The zero value is
// JitterProportional. String returns "proportional", "none", "full", "equal",
// "by 0.1" or "up to 1s"; UnmarshalText reads these.
type Jitter = retry.Jitter

// The jitters without a number, for a delay d. Do not assign to them.
var (
	JitterProportional = retry.JitterProportional // ±25 % of d; the default
	JitterNone         = retry.JitterNone         // d exactly
	JitterFull         = retry.JitterFull         // 0 to d
	JitterEqual        = retry.JitterEqual        // d/2 to d
)

// JitterBy returns the jitter that varies a delay by up to that fraction of it, in
// both directions. The fraction is from 0 to 1; any other is a *ConfigError where the
// jitter is used. JitterBy(0) is JitterNone.
func JitterBy(fraction float64) Jitter { return retry.JitterBy(fraction) }

// JitterUpTo returns the jitter that adds 0 to span to a delay. A negative span is a
// *ConfigError where the jitter is used. JitterUpTo(0) is JitterNone.
func JitterUpTo(span time.Duration) Jitter { return retry.JitterUpTo(span) }
