package messages

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"
)

// This file says what an error is, apart from any settings.

// IsRefused reports whether there is a refusal in the tree of err: the error of a
// policy that did not run the call, such as an open circuit.
func IsRefused(err error) bool {
	refusal, ok := errors.AsType[interface {
		error
		Refused() bool
	}](err)
	return ok && refusal.Refused() || errors.Is(err, ErrCircuitOpen)
}

// isPlain reports whether err is a leaf that compares equal only to itself. Most
// errors of a failing dependency are, and need no walk.
func isPlain(err error) bool {
	switch err.(type) {
	case interface{ Unwrap() error }, interface{ Unwrap() []error }, interface{ Is(error) bool }, interface{ Refused() bool }:
		return false
	}
	return true
}

// IsIgnored reports whether every leaf of err's tree lies beneath a mark of Ignore.
func IsIgnored(err error) bool { return !isPlain(err) && every(err, isIgnoreMark) }

// IsNeutral reports whether err says nothing about the dependency: every leaf of its
// tree is context.Canceled or a refusal.
func IsNeutral(err error) bool {
	if isPlain(err) {
		return err == context.Canceled || err == ErrCircuitOpen
	}
	return every(err, isNeutral)
}

// Is is errors.Is, except that it does not look beneath a *TimeoutError: what a call
// returned after the limit counts for nothing.
func Is(err, target error) bool {
	if target == nil {
		return err == nil
	}
	isComparable := reflect.TypeOf(target).Comparable()
	for {
		if isComparable && err == target {
			return true
		}
		if e, ok := err.(interface{ Is(error) bool }); ok && e.Is(target) {
			return true
		}
		switch e := err.(type) {
		case *TimeoutError:
			return false
		case interface{ Unwrap() error }:
			err = e.Unwrap()
		case interface{ Unwrap() []error }:
			return slices.ContainsFunc(e.Unwrap(), func(child error) bool { return Is(child, target) })
		default:
			return false
		}
	}
}

// every reports whether is returns true for every leaf of err's tree, or for an
// error above it. A *TimeoutError is a leaf. Of a *RetryError, what it says about
// the reason is left out.
func every(err error, is func(error) bool) bool {
	if is(err) {
		return true
	}
	switch e := err.(type) {
	case *TimeoutError:
		return false
	case *RetryError:
		return e.Err != nil && every(e.Err, is)
	case interface{ Unwrap() error }:
		child := e.Unwrap()
		return child != nil && every(child, is)
	case interface{ Unwrap() []error }:
		leaves := false
		for _, child := range e.Unwrap() {
			if child == nil {
				continue
			}
			if !every(child, is) {
				return false
			}
			leaves = true
		}
		return leaves
	}
	return false
}

func isIgnoreMark(err error) bool {
	_, ok := err.(*ignored)
	return ok
}

func isNeutral(err error) bool {
	if err == context.Canceled || err == ErrCircuitOpen {
		return true
	}
	if e, ok := err.(interface{ Refused() bool }); ok && e.Refused() {
		return true
	}
	e, ok := err.(interface{ Is(error) bool })
	return ok && e.Is(context.Canceled)
}

// Newest returns the error that a retry judges err by: err itself, except that of a
// *FallbackError, or of an error that wraps one, it is the last of its errors, which
// may be a *FallbackError too.
func Newest(err error) error {
	for e := err; e != nil; {
		switch is := e.(type) {
		case *FallbackError:
			if n := len(is.Errs); n > 0 && is.Errs[n-1] != nil {
				return Newest(is.Errs[n-1])
			}
			return err
		case *TimeoutError:
			return err
		case interface{ Unwrap() error }:
			e = is.Unwrap()
		default:
			return err
		}
	}
	return err
}

// WaitOf returns how long the refusals in the tree of err ask the caller to wait,
// as of now. It is the longest of their RetryAfter; 0: none asks.
func WaitOf(err error) (wait time.Duration) {
	if refusal, ok := err.(interface {
		Refused() bool
		RetryAfter() time.Duration
	}); ok && refusal.Refused() {
		wait = max(refusal.RetryAfter(), 0)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		wait = max(wait, WaitOf(e.Unwrap()))
	case interface{ Unwrap() []error }:
		for _, child := range e.Unwrap() {
			wait = max(wait, WaitOf(child))
		}
	}
	return wait
}

// Ended returns the error of ctx if it is done, and else nil.
func Ended(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return EndOf(ctx)
	default:
		return ctx.Err()
	}
}

// EndOf returns the error of a ctx whose Done is closed. A ctx that has none, in
// spite of that, was cancelled.
func EndOf(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return context.Canceled
}

// IsCancelled reports whether ctx was cancelled, and not by its deadline.
func IsCancelled(ctx context.Context) bool {
	err := Ended(ctx)
	return err != nil && (err == context.Canceled || errors.Is(err, context.Canceled))
}
