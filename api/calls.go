package api

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/understudy-go/understudy/api/internal/pipeline"
	"github.com/understudy-go/understudy/messages"
)

// Call is the end of one call of a breaker, or of one attempt of a Retry, which
// SystemConfig.OnCall receives. The outcome of an attempt is Failure if the error is one
// that the Retry repeats, even if it gives up.
type Call struct {
	Kind, Name string        // of the policy, as in ConfigError: "breaker" or "retry", and its name
	Outcome    Outcome       // as it is counted; of a refusal: Ignored
	Refused    bool          // the policy refused the call, which did not run
	Attempt    int           // the number of the attempt that the call belongs to, as Attempt returns it
	Duration   time.Duration // from the admission to the end; 0 of a refusal
	Err        error         // that the call returned, or the refusal; nil after a panic or runtime.Goexit
}

// onCall returns what passes the ends of calls on to fn; nil if fn is nil. A panic in
// fn is logged.
func onCall(fn func(context.Context, Call), logger *slog.Logger) func(context.Context, messages.CallEnd) {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context, end messages.CallEnd) {
		defer func() {
			if panicked := recover(); panicked != nil {
				logger.Error("OnCall panicked", end.Kind, end.Name, "panic", panicked, "stack", string(debug.Stack()))
			}
		}()
		fn(ctx, Call{
			Kind: end.Kind, Name: end.Name, Outcome: end.Outcome, Refused: end.Refused,
			Attempt: pipeline.Attempt(ctx), Duration: end.Duration, Err: end.Err,
		})
	}
}
