package messages

import (
	"strings"
	"unicode/utf8"
)

// MaxName is the maximum length of a name in bytes.
const MaxName = 255

// NameProblem returns what is wrong with the name of a breaker, a retry, a
// check or a group, in the phrases of validation; "" if it is valid. A valid
// name is 1 to 255 bytes of valid UTF-8.
func NameProblem(name string) string {
	switch {
	case name == "":
		return MustNotBeEmpty
	case len(name) > MaxName:
		return MustBeAtMost("255 bytes long", len(name))
	case !utf8.ValidString(name):
		return "must be valid UTF-8"
	}
	return ""
}

// Clip shortens text to MaxName bytes and makes it valid UTF-8. It is for names
// that no constructor validates. A valid name, and "", is returned unchanged.
func Clip(text string) string {
	text = Cut(text, MaxName)
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "?")
}
