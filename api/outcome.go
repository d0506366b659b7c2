package api

import (
	"context"

	"github.com/understudy-go/understudy/api/internal/pipeline"
	"github.com/understudy-go/understudy/messages"
)

// Ignore marks err as saying nothing about the dependency. Breakers count it as
// Ignored, before Classify is asked; a mark beneath a *TimeoutError is not seen. A
// Retry decides as if err were not marked. The marked error has the text of err and
// unwraps to it. Ignore(nil) is nil.
func Ignore(err error) error { return messages.Ignore(err) }

// FailWhen returns a function that calls fn and fails with the error of bad if bad
// objects to the value: an HTTP response with the status 503, say. Do returns the value
// beside the error, unless a Timeout that is not Cooperative fired or a fallback was
// tried. The values of attempts that are retried are dropped, so bad must close what
// must be closed. bad is not called if fn fails. If fn or bad is nil, the call is a
// *ConfigError.
func FailWhen[T any](fn Func[T], bad func(T) error) Func[T] {
	return func(ctx context.Context) (v T, err error) {
		switch {
		case fn == nil:
			return v, pipeline.Validate(ctx, true)
		case bad == nil:
			return v, &ConfigError{Kind: "call", Field: "bad", Problem: messages.MustNotBeNil}
		}
		if v, err = fn(ctx); err == nil {
			err = bad(v)
		}
		return v, err
	}
}

// Hold is called in a function under a Timeout that returns something that is read
// later: a body, rows, a stream. If the function returns a nil error, the ctx of the
// Timeouts around it stays alive after the call has returned, until release is called,
// a limit passes, or the caller's ctx ends. What an attempt that fails holds is
// released. Breakers count the call when it returns, and a limit that passes later
// counts nowhere. Without a Timeout around, Hold does nothing.
//
// The caller must call release when it has read all; calling it often and
// concurrently is allowed.
func Hold(ctx context.Context) (release func()) { return pipeline.Hold(ctx) }
