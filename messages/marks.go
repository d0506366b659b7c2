package messages

import "time"

// This file holds the marks: what a call says about its own error. A mark has the
// text of the error that it marks, and unwraps to it. It is never written to.

// Permanent marks err as not to be retried. Permanent(nil) is nil.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return &permanent{err}
}

// RetryAfter marks err with a minimum wait before the next attempt.
// RetryAfter(nil, delay) is nil.
func RetryAfter(err error, delay time.Duration) error {
	if err == nil {
		return nil
	}
	return &retryAfter{err, delay}
}

// Ignore marks err as saying nothing about the dependency. Ignore(nil) is nil.
func Ignore(err error) error {
	if err == nil {
		return nil
	}
	return &ignored{err}
}

type (
	permanent  struct{ error }
	ignored    struct{ error }
	retryAfter struct {
		error
		delay time.Duration
	}
	// obeyed hides the marks beneath it from MarksOf.
	obeyed struct{ error }
)

func (m *permanent) Unwrap() error  { return m.error }
func (m *ignored) Unwrap() error    { return m.error }
func (m *retryAfter) Unwrap() error { return m.error }
func (m *obeyed) Unwrap() error     { return m.error }

// Marks is what the marks of an error ask of the nearest Retry.
type Marks struct {
	Permanent  bool
	RetryAfter time.Duration // the longest of all; 0: none
}

// MarksOf returns the marks in the tree of err. Those beneath an error that a Retry
// has returned are not seen: that Retry has obeyed them.
func MarksOf(err error) (m Marks) {
	if !isPlain(err) {
		m.collect(err)
	}
	return m
}

func (m *Marks) collect(err error) {
	switch e := err.(type) {
	case nil, *obeyed, *RetryError:
		return
	case *permanent:
		m.Permanent = true
	case *retryAfter:
		m.RetryAfter = max(m.RetryAfter, e.delay)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		m.collect(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, child := range e.Unwrap() {
			m.collect(child)
		}
	}
}

// WithoutMarks returns err as a Retry that has obeyed its marks returns it. A mark
// that is the error itself is taken off. One that is wrapped is hidden from MarksOf.
func WithoutMarks(err error) error {
	for {
		switch mark := err.(type) {
		case *permanent:
			err = mark.error
		case *retryAfter:
			err = mark.error
		default:
			if MarksOf(err) != (Marks{}) {
				return &obeyed{err}
			}
			return err
		}
	}
}
