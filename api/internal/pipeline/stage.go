package pipeline

import (
	"context"
	"log/slog"
	"time"

	"github.com/understudy-go/understudy/actors/breaker"
	"github.com/understudy-go/understudy/actors/retry"
	"github.com/understudy-go/understudy/messages"
)

// Gate admits calls, and counts the result of each once. It never receives the
// function that is called.
type Gate interface {
	// Admit admits a call, or returns the error that refuses it. It blocks at
	// most until ctx ends.
	Admit(ctx context.Context) (messages.Permit, error)
	// Enter returns the ctx of an admitted call.
	Enter(ctx context.Context, p messages.Permit) context.Context
	// Conclude judges a call that returned err, and counts its result before it
	// returns it. It is Judge and Settle, which a call that a timeout may settle
	// first needs one by one.
	Conclude(ctx context.Context, p messages.Permit, err error) messages.Result
	// Judge returns the result of a call that returned err. ctx is the one that
	// the call was given. Judge may run the user's code, which may panic.
	Judge(ctx context.Context, p messages.Permit, err error) messages.Result
	// Settle counts a result before it returns. If it returns false, nothing is
	// counted, because the settings have changed: Judge the call again.
	Settle(r messages.Result) bool
	// Report reports the end of a call, once Settle has counted it, to the user.
	Report(ctx context.Context, r messages.Result)
}

// Timeout holds the settings of a timeout, those of api.TimeoutConfig.
type Timeout struct {
	Limit       time.Duration
	Operation   string
	Cooperative bool
	Late        func(value any, err error)
}

// Around is a policy that the user writes. It calls next at most once, before
// it returns.
type Around = func(ctx context.Context, next func(context.Context) error) error

// Runtime receives the events and the log lines of a call.
type Runtime interface {
	// NoteCall counts an event of a call, and reports whether the event itself is
	// wanted: if so, EmitCall it. The name is that of the policy that the call is
	// known by.
	NoteCall(ctx context.Context, name string, kind messages.CallKind, err error) (wanted bool)
	EmitCall(ctx context.Context, name string, e messages.Event)
	// LeftBehind counts the goroutines of calls whose caller has gone.
	LeftBehind(delta int64)
	Logger() *slog.Logger
}

// name returns the name that a call under the stage is known by in events; "": none.
func (s *Stage) name() string {
	switch s.Shape {
	case IsBreaker:
		return s.Breaker.Name()
	case IsRetry:
		return s.Retry.Name()
	case IsLine:
		return s.Line.name
	}
	return ""
}

// Shape determines which field of a Stage is set.
type Shape uint8

// The shapes of a stage. The zero value guards nothing: the call just runs.
const (
	Plain      Shape = iota
	IsBreaker        // Breaker: a gate with a fast path
	IsGate           // Gate
	IsRetry          // Retry: the loop
	IsTimeout        // Timeout
	IsAround         // Around
	IsLine           // Line
	IsSwitch         // Switch
	IsUnusable       // Err: every call fails with it
)

// Stage is one policy of a line.
type Stage struct {
	Shape   Shape
	Breaker *breaker.Handle
	Gate    Gate
	Retry   *retry.Handle
	Timeout Timeout
	Around  Around
	Line    *Line
	Switch  *Switch
	Err     error

	Runtime Runtime // of the policy's system; nil: none

	cooperative bool // the timeouts of Switch are cooperative

	// In a line:
	self  *Stage       // the stage
	known string       // the name that its calls are known by
	inner *Stage       // the next stage outside the boundary; nil: the call
	in    surroundings // what is around the stage, in the same line
}

// isBoundary reports whether a closure that is passed through the stage escapes.
func (s *Stage) isBoundary() bool {
	return s.Shape == IsAround || s.Shape == IsTimeout && !s.Timeout.Cooperative
}
