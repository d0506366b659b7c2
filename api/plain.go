package api

import (
	"encoding"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/understudy-go/understudy/messages"
)

// maxErrorText is the maximum length in bytes of an error in JSON and YAML.
const maxErrorText = 4 << 10

// This file shows structs of settings and of counts in JSON and YAML.

// asJSON returns a struct as JSON, as asMap describes.
func asJSON(s any) ([]byte, error) { return json.Marshal(asMap(reflect.ValueOf(s))) }

// asYAML returns what a YAML encoder writes in place of a struct, as asMap describes.
func asYAML(s any) (any, error) { return asMap(reflect.ValueOf(s)), nil }

// asMap returns the fields of a struct by their names in snake_case. Durations are
// text like "30s", types that have a text form are that text, and errors are their
// message. Functions, nil values and zero times are left out.
func asMap(s reflect.Value) map[string]any {
	fields := map[string]any{}
	for i := range s.NumField() {
		if value := plain(s.Field(i)); value != nil {
			fields[snakeCase(s.Type().Field(i).Name)] = value
		}
	}
	return fields
}

// plain returns the value of a field for asMap; nil: it is left out.
func plain(v reflect.Value) any {
	if t, ok := v.Interface().(time.Time); ok && t.IsZero() {
		return nil
	}
	switch x := v.Interface().(type) {
	case error:
		return messages.ErrorText(x, maxErrorText)
	case time.Duration:
		if x == OnDemand {
			return "on demand"
		}
		return x.String()
	case encoding.TextMarshaler:
		if text, err := x.MarshalText(); err == nil {
			return string(text)
		}
		return fmt.Sprint(x)
	}
	switch v.Kind() {
	case reflect.Func:
		return nil
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem())
	case reflect.Slice:
		return plainElements(v)
	case reflect.Struct:
		return asMap(v)
	case reflect.Float64:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Sprint(f) // JSON has no number for it
		}
	}
	return v.Interface()
}

// plainElements returns the elements of a slice for asMap; nil if it is nil.
func plainElements(v reflect.Value) any {
	if v.IsNil() {
		return nil
	}
	elements := make([]any, v.Len())
	for i := range elements {
		elements[i] = plain(v.Index(i))
	}
	return elements
}

// snakeCase returns a name in Go's style as one in snake_case.
func snakeCase(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
