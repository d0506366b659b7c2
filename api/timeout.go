package api

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/api/internal/pipeline"
)

// TimeoutConfig bounds how long a call takes. It is a Policy.
//
// By default fn runs in a goroutine of its own, and the call returns at the
// limit even if fn ignores its ctx; that goroutine ends when fn does. A panic
// in fn before the limit reaches the caller with its value, its stack is
// logged; after the limit it is recovered and logged.
//
// fn's ctx carries the deadline and is cancelled when the call returns. The
// caller's own cancellation or earlier deadline is passed on as it is. When a
// Timeout fires, every Breaker whose Run is under way inside counts a failure
// before the call returns.
type TimeoutConfig struct {
	// Limit is how long the call may take; zero or less times out at once, and
	// fn is not run.
	Limit time.Duration
	// Operation names the call in the error. Default "operation".
	Operation string
	// Cooperative says that fn honours its ctx: no goroutine is used, fn's return
	// is awaited, and a success past the limit stays a success.
	Cooperative bool
}

// Timeout bounds a call by limit, with the defaults of TimeoutConfig.
func Timeout(limit time.Duration) TimeoutConfig { return TimeoutConfig{Limit: limit} }

// WithTimeout calls fn bounded by limit; a shorthand for Do.
func WithTimeout[T any](ctx context.Context, limit time.Duration, fn Func[T], fallbacks ...Func[T]) (T, error) {
	return Do(ctx, Timeout(limit), fn, fallbacks...)
}

func (t TimeoutConfig) stage() pipeline.Stage {
	return pipeline.Stage{Shape: pipeline.IsTimeout, Timeout: pipeline.Timeout(t)}
}
