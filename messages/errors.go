package messages

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
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

// ConfigError tells what is wrong with which field of which thing. It is ErrConfig.
type ConfigError struct {
	Kind    string // "breaker", "retry", "timeout", "fallback", "check", "system"
	Name    string // of the thing; may be empty
	Field   string // the setting
	Problem string // what is wrong with it
}

// Error names the thing, the field and the problem.
func (e *ConfigError) Error() string {
	if e.Name == "" && e.Field != "Name" {
		return fmt.Sprintf("%s: %s: %s", e.Kind, e.Field, e.Problem)
	}
	return fmt.Sprintf("%s %q: %s: %s", e.Kind, Shorten(e.Name), e.Field, e.Problem)
}

// Is makes errors.Is(err, ErrConfig) true.
func (e *ConfigError) Is(target error) bool { return target == ErrConfig }

// Shorten cuts a name that is too long to print, and makes what is no UTF-8
// printable.
func Shorten(name string) string {
	const most = 80
	if len(name) > most {
		end := most
		for end > 0 && !utf8.RuneStart(name[end]) {
			end--
		}
		name = name[:end] + "..."
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}
