package api

import (
	"context"
	"time"

	"github.com/understudy-go/understudy/api/internal/pipeline"
)

// TimeoutConfig is a Policy that limits how long a call takes. A call that exceeds
// the limit returns a *TimeoutError.
//
// By default fn runs in another goroutine, and the call returns at the limit even
// if fn ignores its ctx; the goroutine ends when fn returns. If fn panics before
// the limit, the panic reaches the caller with its value, and its stack is logged.
// A panic after the limit is recovered and logged.
//
// What fn returns after the limit counts for nothing: the caller gets the error and
// the zero value. Which came first, the return of fn or the limit, is decided once,
// for the caller and for every Breaker inside. An error that a Cooperative fn returns
// after the limit becomes a *TimeoutError that unwraps to it; a success stays one.
//
// The ctx of fn has the deadline and is cancelled when the call returns, unless fn
// holds it (Hold). A cancellation or an earlier deadline of the caller's ctx is
// returned as it is, not as a timeout.
//
// When a Timeout fires, every Breaker that is running a call inside it counts a
// Failure before the call returns. A call is inside if its ctx is derived from that of
// the Timeout and ends no later: a ctx from context.WithoutCancel is outside.
type TimeoutConfig struct {
	// Limit is how long the call may take. If it is zero or negative, the call
	// times out at once, and fn does not run.
	Limit time.Duration
	// Operation names the call in the error and in the log, which show at most 255 bytes of it. Default "operation".
	Operation string
	// Cooperative means that fn returns soon after its ctx is done. fn then runs in
	// the goroutine of the caller, the call returns when fn does, and a success
	// after the limit stays a success. Default false.
	Cooperative bool
	// Late is called with what fn returned and no caller got, because the limit had passed or the caller's ctx was
	// done: it must close what must be closed. It runs once, in the goroutine of fn, and a panic in it is logged. Of
	// nested Timeouts the innermost one that was too late calls it. Under Run, value is nil. Only for Timeouts that
	// are not Cooperative. Default none.
	Late func(value any, err error)
}

// MarshalJSON returns the settings as JSON: names in snake_case, and Limit like "30s".
// Late is left out.
func (t TimeoutConfig) MarshalJSON() ([]byte, error) { return asJSON(t) }

// MarshalYAML returns what a YAML encoder writes for the settings, as in JSON.
func (t TimeoutConfig) MarshalYAML() (any, error) { return asYAML(t) }

// Timeout returns a TimeoutConfig with that Limit and the defaults.
func Timeout(limit time.Duration) TimeoutConfig { return TimeoutConfig{Limit: limit} }

// WithTimeout calls fn under Timeout(limit), as Do does.
func WithTimeout[T any](ctx context.Context, limit time.Duration, fn Func[T], fallbacks ...Func[T]) (T, error) {
	return Do(ctx, Timeout(limit), fn, fallbacks...)
}

func (t TimeoutConfig) stage() pipeline.Stage {
	return pipeline.Stage{Shape: pipeline.IsTimeout, Timeout: pipeline.Timeout(t)}
}
