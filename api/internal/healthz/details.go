package healthz

import (
	"encoding/json"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/understudy-go/understudy/messages"
)

// maxDepth is how deep a detail may be nested. Encoders and decoders of JSON refuse
// a page whose depth exceeds theirs, which is 10,000 in Go and often less elsewhere.
const maxDepth = 500

var noDetails = map[string]json.RawMessage{}

// encodeDetails encodes each value as JSON. The values are those of health.Bounded,
// which JSON can encode. One that is nested too deeply becomes text.
func encodeDetails(d messages.Details) map[string]json.RawMessage {
	if len(d) == 0 {
		return noDetails
	}
	encoded := make(map[string]json.RawMessage, len(d))
	for name, v := range d {
		raw := marshal(v)
		if depth(raw) > maxDepth {
			raw = quote(string(raw))
		}
		encoded[name] = raw
	}
	return encoded
}

// depth returns how deeply valid JSON is nested.
func depth(raw []byte) (deepest int) {
	level, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			level++
			deepest = max(deepest, level)
		case c == '}' || c == ']':
			level--
		}
	}
	return deepest
}

// quote returns text as JSON.
func quote(text string) json.RawMessage {
	raw, _ := json.Marshal(text) // a string can always be encoded
	return raw
}

// marshal returns v as JSON. Characters that a terminal would obey are escaped. If v
// cannot be encoded, the result is the text of the error.
func marshal(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		raw = quote(err.Error())
	}
	return escape(raw)
}

// escape escapes the characters of JSON that are not printable. Only strings hold
// any, and there those of ASCII except DEL are escaped already.
func escape(raw []byte) []byte {
	for i, c := range raw {
		if c >= 0x7f {
			return escapeFrom(raw, i)
		}
	}
	return raw
}

func escapeFrom(raw []byte, start int) []byte {
	escaped := append([]byte(nil), raw[:start]...)
	for _, r := range string(raw[start:]) {
		switch {
		case r < 0x7f || unicode.IsPrint(r):
			escaped = utf8.AppendRune(escaped, r)
		case r <= 0xffff:
			escaped = fmt.Appendf(escaped, `\u%04x`, r)
		default:
			escaped = fmt.Appendf(escaped, `\u%04x\u%04x`, 0xd800+(r-0x10000)>>10, 0xdc00+(r-0x10000)&0x3ff)
		}
	}
	return escaped
}
