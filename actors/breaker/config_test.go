package breaker

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func TestTheZeroConfigMeansTheDefaults(t *testing.T) {
	cfg, err := Config{}.Normalize("api")
	require.NoError(t, err)
	require.Equal(t, Config{
		FailureThreshold: 5, ResetTimeout: time.Minute, HalfOpenMaxCalls: 3, TrialTimeout: time.Minute,
		Window: CountWindow(100), MinimumCalls: 20, ResetBackoff: 1, MaxResetTimeout: 10 * time.Minute,
	}, cfg)
}

func TestDefaultsThatDependOnOtherSettings(t *testing.T) {
	for _, row := range []struct {
		what string
		cfg  Config
		got  func(Config) any
		want any
	}{
		{"TrialTimeout is ResetTimeout", Config{ResetTimeout: time.Second}, func(c Config) any { return c.TrialTimeout }, time.Second},
		{"TrialTimeout is set", Config{ResetTimeout: time.Second, TrialTimeout: 2}, func(c Config) any { return c.TrialTimeout }, time.Duration(2)},
		{"MinimumCalls of a small window", Config{Window: CountWindow(7)}, func(c Config) any { return c.MinimumCalls }, 7},
		{"MinimumCalls of a large window", Config{Window: CountWindow(700)}, func(c Config) any { return c.MinimumCalls }, 20},
		{"MinimumCalls of a time window", Config{Window: TimeWindow(time.Second)}, func(c Config) any { return c.MinimumCalls }, 20},
		{"MaxResetTimeout is never below ResetTimeout", Config{ResetTimeout: time.Hour}, func(c Config) any { return c.MaxResetTimeout }, time.Hour},
		{"Off stays Off", Config{FailureThreshold: Off}, func(c Config) any { return c.FailureThreshold }, Off},
		{"CountWindow(0) is the default window", Config{Window: CountWindow(0)}, func(c Config) any { return c.Window }, CountWindow(100)},
	} {
		cfg, err := row.cfg.Normalize("api")
		require.NoError(t, err, row.what)
		require.Equal(t, row.want, row.got(cfg), row.what)
	}
}

func TestBadSettingsAreRefusedByName(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, row := range []struct {
		cfg     Config
		field   string
		problem string
	}{
		{Config{FailureThreshold: -2}, "FailureThreshold", "must not be negative: -2"},
		{Config{ResetTimeout: -1}, "ResetTimeout", "must not be negative: -1ns"},
		{Config{HalfOpenMaxCalls: -1}, "HalfOpenMaxCalls", "must not be negative: -1"},
		{Config{TrialTimeout: -1}, "TrialTimeout", "must not be negative: -1ns"},
		{Config{Probe: " \t"}, "Probe", "must not be blank"},
		{Config{Probe: "db", ResetTimeout: time.Millisecond - 1}, "ResetTimeout", "must be at least 1ms with a Probe: 999.999µs"},
		{Config{Window: CountWindow(-1)}, "Window", "must not be negative: -1"},
		{Config{Window: TimeWindow(-1)}, "Window", "must not be negative: -1ns"},
		{Config{Window: CountWindow(maxWindow + 1)}, "Window", "must be at most 10,000,000 calls: 10000001"},
		{Config{Window: TimeWindow(9)}, "Window", "must be at least 10ns: 9ns"},
		{Config{MinimumCalls: -1}, "MinimumCalls", "must not be negative: -1"},
		{Config{MinimumCalls: 101}, "MinimumCalls", "must be at most the calls of Window: 101"},
		{Config{MinimumCalls: 8, Window: CountWindow(7)}, "MinimumCalls", "must be at most the calls of Window: 8"},
		{Config{FailureRate: -0.1}, "FailureRate", "must be from 0 to 1: -0.1"},
		{Config{FailureRate: 1.1}, "FailureRate", "must be from 0 to 1: 1.1"},
		{Config{FailureRate: nan}, "FailureRate", "must be from 0 to 1: NaN"},
		{Config{FailureRate: inf}, "FailureRate", "must be from 0 to 1: +Inf"},
		{Config{SlowCall: -1}, "SlowCall", "must not be negative: -1ns"},
		{Config{SlowCall: 1, SlowCallRate: -0.1}, "SlowCallRate", "must be from 0 to 1: -0.1"},
		{Config{SlowCall: 1, SlowCallRate: 1.1}, "SlowCallRate", "must be from 0 to 1: 1.1"},
		{Config{SlowCall: 1, SlowCallRate: nan}, "SlowCallRate", "must be from 0 to 1: NaN"},
		{Config{SlowCallRate: 0.5}, "SlowCallRate", "needs SlowCall"},
		{Config{ResetBackoff: 0.5}, "ResetBackoff", "must be a finite number of at least 1: 0.5"},
		{Config{ResetBackoff: -2}, "ResetBackoff", "must be a finite number of at least 1: -2"},
		{Config{ResetBackoff: nan}, "ResetBackoff", "must be a finite number of at least 1: NaN"},
		{Config{ResetBackoff: inf}, "ResetBackoff", "must be a finite number of at least 1: +Inf"},
		{Config{MaxResetTimeout: time.Second}, "MaxResetTimeout", "must be at least ResetTimeout: 1s"},
		{Config{MaxResetTimeout: -1}, "MaxResetTimeout", "must be at least ResetTimeout: -1ns"},
	} {
		_, err := row.cfg.Normalize("api")
		require.Equal(t, &messages.ConfigError{Kind: "breaker", Name: "api", Field: row.field, Problem: row.problem}, err)
	}
	_, err := Config{}.Normalize("")
	require.Equal(t, &messages.ConfigError{Kind: "breaker", Field: "Name", Problem: "must not be empty"}, err)
	require.ErrorIs(t, err, messages.ErrConfig)
}

func TestSettingsAtTheirBoundsAreFine(t *testing.T) {
	for _, cfg := range []Config{
		{FailureThreshold: Off},
		{FailureThreshold: math.MaxInt, HalfOpenMaxCalls: math.MaxInt},
		{ResetTimeout: math.MaxInt64},
		{Window: CountWindow(1)},
		{Window: CountWindow(maxWindow), MinimumCalls: maxWindow},
		{Window: TimeWindow(10), MinimumCalls: math.MaxInt},
		{FailureRate: 1, SlowCall: 1, SlowCallRate: 1},
		{ResetBackoff: math.MaxFloat64},
		{ResetTimeout: time.Second, MaxResetTimeout: time.Second},
	} {
		_, err := cfg.Normalize("api")
		require.NoError(t, err, "%+v", cfg)
	}
}

func TestWhatAnErrorSays(t *testing.T) {
	errSick, errMine := errors.New("sick"), errors.New("my mistake")
	excluding := Config{Excluded: []error{errMine}}
	classifying := Config{Excluded: []error{errSick}, Classify: func(err error) messages.Outcome {
		switch {
		case err == nil:
			return messages.Failure
		case errors.Is(err, errMine):
			return messages.Success
		case errors.Is(err, context.Canceled):
			return messages.Outcome(200)
		}
		return messages.Ignored
	}}
	for _, row := range []struct {
		what string
		cfg  Config
		err  error
		want messages.Outcome
	}{
		{"nil", Config{}, nil, messages.Success},
		{"any error", Config{}, errSick, messages.Failure},
		{"cancelled", Config{}, fmt.Errorf("get: %w", context.Canceled), messages.Ignored},
		{"past its deadline", Config{}, context.DeadlineExceeded, messages.Failure},
		{"excluded", excluding, fmt.Errorf("get: %w", errMine), messages.Ignored},
		{"not excluded", excluding, errSick, messages.Failure},
		{"a classifier decides alone: nil", classifying, nil, messages.Failure},
		{"a classifier decides alone: Excluded", classifying, errSick, messages.Ignored},
		{"a classifier decides alone: an error", classifying, errMine, messages.Success},
		{"an outcome that does not exist", classifying, context.Canceled, messages.Failure},
	} {
		require.Equal(t, row.want, row.cfg.judge(context.Background(), row.err), row.what)
	}
}

func TestResetTimeoutGrows(t *testing.T) {
	growing := Config{ResetTimeout: time.Second, ResetBackoff: 2, MaxResetTimeout: 10 * time.Second}
	for _, row := range []struct {
		cfg        Config
		reopenings int
		want       time.Duration
	}{
		{Config{}, 0, time.Minute},
		{Config{}, 1000, time.Minute},
		{growing, 0, time.Second},
		{growing, 1, 2 * time.Second},
		{growing, 3, 8 * time.Second},
		{growing, 4, 10 * time.Second},
		{growing, math.MaxInt, 10 * time.Second},
		{Config{ResetTimeout: math.MaxInt64}, 5, math.MaxInt64},
		{Config{ResetTimeout: 1, ResetBackoff: math.MaxFloat64, MaxResetTimeout: math.MaxInt64}, 2, math.MaxInt64},
	} {
		cfg, err := row.cfg.Normalize("api")
		require.NoError(t, err)
		require.Equal(t, row.want, cfg.resetTimeout(row.reopenings), "%+v", row)
	}
}

func TestASlowCallTakesSlowCallOrLonger(t *testing.T) {
	cfg := Config{SlowCall: time.Second}
	require.False(t, cfg.isSlow(time.Second-1))
	require.True(t, cfg.isSlow(time.Second))
	require.False(t, (&Config{}).isSlow(time.Hour))
}
