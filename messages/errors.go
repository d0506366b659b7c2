package messages

import (
	"errors"
	"fmt"
)

// The sentinels, for errors.Is.
var (
	ErrCircuitOpen = errors.New("circuit breaker is open")
	ErrTimeout     = errors.New("operation timed out")
	ErrExhausted   = errors.New("retries exhausted")
	ErrShutdown    = errors.New("the system is shut down")
	ErrConfig      = errors.New("bad settings")
	ErrCrashed     = errors.New("the owner crashed on this message and was restarted")
)

// ConfigError reports a bad setting or argument. errors.Is reports that it is
// ErrConfig.
type ConfigError struct {
	Kind    string // "breaker", "retry", "fallback", "check", "health handler", "circuits", "system", "drain", "policy" or "call"
	Name    string // of the breaker, retry, check, ...; may be empty
	Field   string // the setting or argument
	Problem string // what is wrong with Field
}

// Error returns Kind, Name, Field and Problem.
func (e *ConfigError) Error() string {
	if e.Name == "" && e.Field != "Name" {
		return fmt.Sprintf("%s: %s: %s", e.Kind, e.Field, Printable(e.Problem))
	}
	return fmt.Sprintf("%s %q: %s: %s", e.Kind, Clip(e.Name), e.Field, Printable(e.Problem))
}

// Is makes errors.Is(err, ErrConfig) true.
func (e *ConfigError) Is(target error) bool { return target == ErrConfig }

// The phrases of validation. Every ConfigError describes its problem in these
// words where they fit.
const (
	MustNotBeNil   = "must not be nil"
	MustNotBeEmpty = "must not be empty"
)

// MustNotBeNegative is the phrase for a number or duration below zero.
func MustNotBeNegative(v any) string { return fmt.Sprintf("must not be negative: %v", v) }

// MustBeAtLeast is the phrase for a value that is too small.
func MustBeAtLeast(limit, v any) string { return fmt.Sprintf("must be at least %v: %v", limit, v) }

// MustBeFinite is the phrase for a float that is too small, infinite or NaN.
func MustBeFinite(limit, v any) string {
	return fmt.Sprintf("must be a finite number of at least %v: %v", limit, v)
}

// MustBeAtMost is the phrase for a value that is too large.
func MustBeAtMost(limit, v any) string { return fmt.Sprintf("must be at most %v: %v", limit, v) }

// MustBeFrom is the phrase for a value outside a range, or not a number.
func MustBeFrom(low, high, v any) string {
	return fmt.Sprintf("must be from %v to %v: %v", low, high, v)
}
