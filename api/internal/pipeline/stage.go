package pipeline

import (
	"context"
	"log/slog"
	"time"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/messages"
)

// Gate admits calls, and takes in once how each ended. It never sees the call.
type Gate interface {
	// Admit admits a call or returns why it is refused. It waits at most until
	// ctx ends.
	Admit(ctx context.Context) (messages.Permit, error)
	// Classify returns what a call that returned err says about the dependency.
	// It may run the user's code, which may panic.
	Classify(err error) messages.Outcome
	// Settle counts the outcome of an admitted call, and returns once that is in.
	Settle(p messages.Permit, outcome messages.Outcome)
}

// Timeout is the settings of a timeout.
type Timeout struct {
	Limit       time.Duration
	Operation   string
	Cooperative bool
}

// Around is a policy of the user's own: it calls next once, before it returns,
// or not at all.
type Around = func(ctx context.Context, next func(context.Context) error) error

// Runtime takes the events and the log lines of a call.
type Runtime interface {
	Emit(messages.Event)
	Logger() *slog.Logger
}

// Shape says which field of a Stage is set.
type Shape uint8

// The shapes of a stage. The zero value runs the call plainly.
const (
	Plain      Shape = iota
	IsBreaker        // Breaker: a gate with a short cut
	IsGate           // Gate
	IsRetry          // Retry: the loop
	IsTimeout        // Timeout
	IsAround         // Around
	IsLine           // Line
	IsUnusable       // Err: every call fails with it
)

// Stage is one policy as a line sees it.
type Stage struct {
	Shape   Shape
	Breaker *breaker.Handle
	Gate    Gate
	Retry   *retry.Handle
	Timeout Timeout
	Around  Around
	Line    *Line
	Err     error

	Runtime Runtime // of the system that the policy belongs to; nil: none

	inner *Stage // in a line: the next stage before the boundary; nil: the call
}

// isBoundary reports whether closures that pass the stage escape.
func (s *Stage) isBoundary() bool {
	return s.Shape == IsAround || s.Shape == IsTimeout && !s.Timeout.Cooperative
}
