package api

import (
	"context"
	"errors"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// Check looks at one thing and tells how it is: nil means Healthy, an error
// made by Degrade Degraded, any other error Unhealthy. Its ctx ends after
// CheckConfig.Timeout and must be honoured. Details are shown beside the
// status; they must not be modified after Check returned.
type Check func(ctx context.Context) (Details, error)

// Details are the facts a check reports. Values that JSON cannot encode are
// shown as text.
type Details = messages.Details

// Ping makes a Check of a function such as (*sql.DB).PingContext.
func Ping(fn func(context.Context) error) Check {
	if fn == nil {
		return nil // which Register refuses
	}
	return func(ctx context.Context) (Details, error) { return nil, fn(ctx) }
}

// errNotHealthy is what Bool makes of false.
var errNotHealthy = errors.New("not healthy")

// Bool makes a Check of a function that returns true when all is well.
func Bool(fn func(context.Context) bool) Check {
	if fn == nil {
		return nil // which Register refuses
	}
	return func(ctx context.Context) (Details, error) {
		if fn(ctx) {
			return nil, nil
		}
		return nil, errNotHealthy
	}
}

// Degrade returns an error that makes a check Degraded: it works, but not as
// it should. It may be wrapped.
func Degrade(message string) error { return health.Degrade(message) }
