package tests

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// defaultsInReadme returns the defaults in the table of settings in README.md,
// by type and field.
func defaultsInReadme(t *testing.T) map[string]map[string]string {
	t.Helper()
	_, table, found := strings.Cut(readme(t), "| of | setting | default | meaning |\n|---|---|---|---|\n")
	require.True(t, found)
	table, _, _ = strings.Cut(table, "\n\n")
	defaults, of := map[string]map[string]string{}, ""
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		require.Len(t, cells, 6, line)
		if name := strings.Trim(cells[1], " `"); name != "" {
			of = name
			defaults[of] = map[string]string{}
		}
		defaults[of][strings.Trim(cells[2], " `")] = strings.TrimSpace(cells[3])
	}
	return defaults
}

// Promise (Pages): The README names every setting, with the default in force.
func TestTheReadmeNamesEverySetting(t *testing.T) {
	defaults := defaultsInReadme(t)
	for name, cfg := range map[string]any{
		"SystemConfig": api.SystemConfig{}, "BreakerConfig": api.BreakerConfig{}, "RetryConfig": api.RetryConfig{}, "RetryBudget": api.RetryBudget{},
		"TimeoutConfig": api.TimeoutConfig{}, "CheckConfig": api.CheckConfig{}, "DrainConfig": api.DrainConfig{},
	} {
		var fields, rows []string
		for _, field := range reflect.VisibleFields(reflect.TypeOf(cfg)) {
			fields = append(fields, field.Name)
		}
		for field := range defaults[name] {
			rows = append(rows, field)
		}
		require.ElementsMatch(t, fields, rows, "the settings of %s", name)
	}
}

// Promise (Pages): The README names every setting, with the default in force.
func TestTheReadmeGivesTheDefaultsInForce(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		breaker, err := s.Breaker("fresh", api.BreakerConfig{})
		require.NoError(t, err)
		retry, err := s.Retry("fresh", api.RetryConfig{Budget: &api.RetryBudget{}})
		require.NoError(t, err)
		budget := *retry.Config().Budget
		for of, cfg := range map[string]any{"BreakerConfig": breaker.Config(), "RetryConfig": retry.Config(), "RetryBudget": budget} {
			values := reflect.ValueOf(cfg)
			for field, text := range defaultsInReadme(t)[of] {
				value := values.FieldByName(field)
				require.True(t, value.IsValid(), "%s has no %s", of, field)
				if value.Kind() == reflect.Func || value.Kind() == reflect.Slice || value.Kind() == reflect.Pointer {
					continue // they have no default, except in words
				}
				require.True(t, says(text, value, values), "%s.%s is %v, README.md says %s", of, field, value, text)
			}
		}
	})
}

// says reports whether text is how the README writes value, a field of config.
func says(text string, value, config reflect.Value) bool {
	switch name := strings.Trim(text, "`"); {
	case text == "none", text == "off":
		return value.IsZero()
	case name == "CountWindow(100)":
		return value.Interface() == api.CountWindow(100)
	case name == "JitterProportional":
		return value.Interface() == api.JitterProportional
	case name != text: // the name of another setting
		other := config.FieldByName(name)
		return other.IsValid() && value.Interface() == other.Interface()
	}
	if _, ok := value.Interface().(time.Duration); ok {
		d, err := time.ParseDuration(strings.NewReplacer(" min", "m", " ", "").Replace(text))
		return err == nil && value.Interface() == d
	}
	return fmt.Sprint(value) == text
}
