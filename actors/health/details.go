package health

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// The limits of what a result holds. They bound its nesting, too: JSON of 16 KiB is
// at most 8,192 levels deep, and package encoding/json encodes 10,000.
const (
	maxMessage = 4 << 10  // bytes of a message
	maxDetails = 16 << 10 // bytes of the names and values of details
)

// Bounded returns a copy of d that JSON can encode, that shares no memory with d,
// and that has at most 16 KiB. It copies the values in the order of their names. A
// value that does not fit becomes text and is cut; those after it are left out, and
// the value of "..." is their number. Bounded calls methods of the user's types.
func Bounded(d messages.Details) messages.Details {
	if d == nil {
		return nil
	}
	bounded := messages.Details{}
	room, leftOut := maxDetails, 0
	for _, full := range slices.Sorted(maps.Keys(d)) {
		name := messages.Clip(full)
		_, taken := bounded[name]
		if taken || room < len(name)+minValue {
			leftOut++
			continue
		}
		value, size := bound(d[full], room-len(name))
		bounded[name] = value
		room -= len(name) + size
	}
	if leftOut > 0 {
		bounded["..."] = fmt.Sprintf("%d more", leftOut)
	}
	return bounded
}

// cut returns text, or its beginning if it is longer than limit bytes, as valid
// UTF-8.
func cut(text string, limit int) string { return strings.ToValidUTF8(messages.Cut(text, limit), "?") }

// minValue is the room for a value below which it is left out.
const minValue = 64

// bound returns a copy of v that has at most room bytes, and its size.
func bound(v any, room int) (value any, size int) {
	value, size = freeze(v)
	if text, ok := value.(string); ok {
		value = cut(text, room)
	} else if size > room {
		value = cut(fmt.Sprintf("%s", value), room)
	}
	return value, min(size, room)
}

// freeze returns v as a value that nobody can change, and the size of its text.
// Numbers, times, texts and their like stay as they are. Other values become their
// JSON, or text if they have none. It calls methods of the user's types, which may
// panic.
func freeze(v any) (frozen any, size int) {
	asText := func(text string) (any, int) { return text, len(text) }
	defer func() {
		if recover() != nil {
			frozen, size = asText(fmt.Sprintf("%T", v))
		}
	}()
	switch t := v.(type) {
	case string:
		return asText(t)
	case json.Marshaler:
	case error:
		return asText(t.Error())
	}
	raw, err := json.Marshal(v)
	if err != nil { // a channel, a function or a cycle; printing a cycle would never end
		switch v.(type) {
		case float32, float64: // infinite, or not a number
			return asText(fmt.Sprint(v))
		}
		return asText(fmt.Sprintf("%T", v))
	}
	switch t := v.(type) {
	case nil, bool, int, int8, int16, int32, int64, uint, uint8, uint16, uint32, uint64, float32, float64, time.Duration, time.Time:
		return v, len(raw)
	case []string:
		if len(raw) <= maxDetails {
			return slices.Clone(t), len(raw)
		}
	}
	return json.RawMessage(raw), len(raw)
}
