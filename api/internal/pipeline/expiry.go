package pipeline

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// This file is what a timeout returns and emits when it fires.

// lasting returns what a call under a timeout must know of its stage; nil: nothing
// but the limit. The stage of a line lasts; that of a timeout alone does not.
func (s *Stage) lasting() *Stage {
	switch {
	case s.self != nil:
		return s.self
	case s.Timeout.Operation == "" && s.Timeout.Late == nil:
		return nil
	}
	return &Stage{Timeout: s.Timeout}
}

func (s *Stage) operation() string {
	if s == nil {
		return "operation"
	}
	return cmp.Or(s.Timeout.Operation, "operation")
}

// fireAtOnce fires a timeout whose limit leaves no time for the call.
func (s *Stage) fireAtOnce(ctx context.Context) error {
	e := &messages.TimeoutError{Operation: s.operation(), Limit: s.Timeout.Limit}
	s.emitTimeout(ctx, e)
	return e
}

// fire returns the error of a timeout whose limit has passed, and emits it. err is
// what the call returned; nil: it has not returned.
func (d *deadlineContext) fire(err error) error {
	e := d.timeoutError(err)
	d.stage.emitTimeout(d.Context, e)
	return e
}

// emitTimeout emits TimedOut if the stage is in a line that has a runtime.
func (s *Stage) emitTimeout(ctx context.Context, e *messages.TimeoutError) {
	if s != nil && s.Runtime != nil && s.Runtime.NoteCall(ctx, s.known, messages.CallTimedOut, e) {
		s.Runtime.EmitCall(ctx, s.known, messages.TimedOut{Operation: e.Operation, Limit: e.Limit, At: time.Now()})
	}
}

// noteAttempt stores the error of a failed attempt inside, unless the context has
// ended: timeoutError returns it as the cause.
func (d *deadlineContext) noteAttempt(err error) {
	if d.Err() == nil {
		d.mu.Lock()
		d.lockedExtras().lastAttempt = err
		d.mu.Unlock()
	}
}

// timeoutError returns the error of a timeout whose limit has passed. It unwraps to
// the error that the call returned, and to that of the last attempt before the limit.
func (d *deadlineContext) timeoutError(err error) *messages.TimeoutError {
	d.mu.Lock()
	last := d.lockedExtras().lastAttempt
	d.mu.Unlock()
	if r, ok := err.(*messages.RetryError); ok && r.Reason == messages.ReasonDeadline { // it reports only that this limit passed
		err = r.Err
	}
	switch {
	case err == context.DeadlineExceeded: // adds nothing to TimeoutError
		err = last
	case err == nil:
		err = last
	case last != nil && !errors.Is(err, last):
		err = fmt.Errorf("%w; then %w", last, err)
	}
	return &messages.TimeoutError{Operation: d.stage.operation(), Limit: d.limit, Err: err}
}
