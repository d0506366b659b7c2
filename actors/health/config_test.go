package health

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func TestBadSettingsAreRefused(t *testing.T) {
	for _, row := range []struct {
		name, field string
		cfg         Config
	}{
		{"", "Name", Config{}},
		{"x", "Timeout", Config{Timeout: -1}},
		{"x", "Interval", Config{Interval: -2}},
		{"x", "Interval", Config{Interval: time.Millisecond - 1}},
		{"x", "FastInterval", Config{FastInterval: -1}},
		{"x", "FastInterval", Config{FastInterval: 1}},
		{"x", "FastInterval", Config{FastInterval: time.Millisecond - 1, Interval: OnDemand}},
		{"x", "FastInterval", Config{FastInterval: 11 * time.Second}},
		{"x", "UnhealthyAfter", Config{UnhealthyAfter: -1}},
		{"x", "HealthyAfter", Config{HealthyAfter: -1}},
		{"x", "Groups", Config{Groups: []string{"a", ""}}},
		{"x", "Groups", Config{Groups: []string{"a\xff"}}},
		{"x", "DependsOn", Config{DependsOn: []string{"a", ""}}},
		{"x", "DependsOn", Config{DependsOn: []string{"a\xff"}}},
		{"x", "DependsOn", Config{DependsOn: []string{"a", "x"}}},
	} {
		err := row.cfg.Check(row.name)
		var bad *messages.ConfigError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, messages.ConfigError{Kind: "check", Name: row.name, Field: row.field, Problem: bad.Problem}, *bad)
	}
	require.NoError(t, Config{Interval: OnDemand}.Check("x"))
	require.NoError(t, Config{Interval: minInterval, FastInterval: minInterval, DependsOn: []string{"a"}}.Check("x"))
}

func TestDefaults(t *testing.T) {
	require.Equal(t, Config{Timeout: 10 * time.Second, Interval: 10 * time.Second, FastInterval: 10 * time.Second, UnhealthyAfter: 1, HealthyAfter: 1, Groups: []string{"ready"}},
		Config{}.withDefaults())
	require.Empty(t, Config{Groups: []string{}}.withDefaults().Groups)
	mine := []string{"ready", "a", "ready"}
	require.Equal(t, []string{"a", "ready"}, Config{Groups: mine}.withDefaults().Groups)
	require.Equal(t, []string{"ready", "a", "ready"}, mine, "the caller's stay as they are")
}
