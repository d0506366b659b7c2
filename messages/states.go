package messages

import (
	"fmt"
	"strings"
)

// State is the state of a circuit breaker.
type State uint8

// The states of a circuit breaker. The zero value is Closed.
const (
	Closed   State = iota // calls are admitted
	Open                  // calls are refused
	HalfOpen              // a few trials are admitted, to test whether the dependency has recovered
)

var stateNames = []string{"CLOSED", "OPEN", "HALF_OPEN"}

// String returns "CLOSED", "OPEN" or "HALF_OPEN".
func (s State) String() string { return nameAt(stateNames, int(s), "UNKNOWN") }

// MarshalText returns the text of String. JSON and YAML show a State so.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets s from its name, in upper, lower or mixed case. Any other text
// is an error.
func (s *State) UnmarshalText(text []byte) error {
	return parse(s, stateNames, text, "state of a breaker")
}

// Outcome is what the end of a call says about the dependency.
type Outcome uint8

// The outcomes of a call. The zero value is Success.
const (
	Success Outcome = iota // the dependency works
	Failure                // the dependency does not work
	Ignored                // neither
)

var outcomeNames = []string{"success", "failure", "ignored"}

// String returns "success", "failure" or "ignored".
func (o Outcome) String() string { return nameAt(outcomeNames, int(o), "unknown") }

// MarshalText returns the text of String. JSON and YAML show an Outcome so.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText sets o from its name, in upper, lower or mixed case. Any other text
// is an error.
func (o *Outcome) UnmarshalText(text []byte) error { return parse(o, outcomeNames, text, "outcome") }

// Mode says whether a breaker decides its state itself or an operator does.
type Mode uint8

// The modes of a breaker. The zero value is Automatic.
const (
	Automatic  Mode = iota // the breaker decides
	ForcedOpen             // after ForceOpen: all calls are refused until Reset
	Disabled               // after Disable: all calls are admitted until Reset
)

var modeNames = []string{"automatic", "forced open", "disabled"}

// String returns "automatic", "forced open" or "disabled".
func (m Mode) String() string { return nameAt(modeNames, int(m), "unknown") }

// MarshalText returns the text of String. JSON and YAML show a Mode so.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText sets m from its name, in upper, lower or mixed case. Any other text
// is an error.
func (m *Mode) UnmarshalText(text []byte) error {
	return parse(m, modeNames, text, "mode of a breaker")
}

// nameAt returns the name at i, or other if there is none.
func nameAt(names []string, i int, other string) string {
	if i < len(names) {
		return names[i]
	}
	return other
}

// parse sets v from the name that equals text, whatever its case.
func parse[T ~uint8](v *T, names []string, text []byte, what string) error {
	for i, name := range names {
		if strings.EqualFold(name, string(text)) {
			*v = T(i)
			return nil
		}
	}
	return fmt.Errorf("unknown %s %q", what, Clip(string(text)))
}
