package tests

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// requireConfigError requires a ConfigError that names kind, name and field.
func requireConfigError(t *testing.T, err error, kind, name, field string) {
	t.Helper()
	require.ErrorIs(t, err, api.ErrConfig)
	var bad *api.ConfigError
	require.ErrorAs(t, err, &bad)
	require.Equal(t, kind, bad.Kind)
	require.Equal(t, name, bad.Name)
	require.Contains(t, bad.Field, field)
	require.NotEmpty(t, bad.Problem)
	for _, fact := range []string{kind, name, bad.Field, bad.Problem} {
		require.Contains(t, err.Error(), fact)
	}
}

// Promise (System, events, logs and errors): Invalid settings are a *ConfigError at once, which names the kind, the name, the field and the problem.
func TestBadBreakerSettingsAreRefused(t *testing.T) {
	rows := []struct {
		field string
		cfg   api.BreakerConfig
	}{
		{"FailureThreshold", api.BreakerConfig{FailureThreshold: -2}},
		{"ResetTimeout", api.BreakerConfig{ResetTimeout: -time.Second}},
		{"HalfOpenMaxCalls", api.BreakerConfig{HalfOpenMaxCalls: -1}},
		{"TrialTimeout", api.BreakerConfig{TrialTimeout: -1}},
		{"Window", api.BreakerConfig{Window: api.CountWindow(-1)}},
		{"Window", api.BreakerConfig{Window: api.TimeWindow(-time.Second)}},
		{"MinimumCalls", api.BreakerConfig{MinimumCalls: -1}},
		{"MinimumCalls", api.BreakerConfig{MinimumCalls: 101}},
		{"MinimumCalls", api.BreakerConfig{MinimumCalls: 9, Window: api.CountWindow(8)}},
		{"FailureRate", api.BreakerConfig{FailureRate: -0.1}},
		{"FailureRate", api.BreakerConfig{FailureRate: 1.1}},
		{"FailureRate", api.BreakerConfig{FailureRate: math.NaN()}},
		{"FailureRate", api.BreakerConfig{FailureRate: math.Inf(1)}},
		{"SlowCall", api.BreakerConfig{SlowCall: -1}},
		{"SlowCallRate", api.BreakerConfig{SlowCallRate: 0.5}}, // without SlowCall
		{"SlowCallRate", api.BreakerConfig{SlowCall: 1, SlowCallRate: -0.1}},
		{"SlowCallRate", api.BreakerConfig{SlowCall: 1, SlowCallRate: 1.1}},
		{"SlowCallRate", api.BreakerConfig{SlowCall: 1, SlowCallRate: math.NaN()}},
		{"ResetBackoff", api.BreakerConfig{ResetBackoff: 0.5}},
		{"ResetBackoff", api.BreakerConfig{ResetBackoff: -1}},
		{"ResetBackoff", api.BreakerConfig{ResetBackoff: math.NaN()}},
		{"ResetBackoff", api.BreakerConfig{ResetBackoff: math.Inf(1)}},
		{"MaxResetTimeout", api.BreakerConfig{MaxResetTimeout: -1}},
		{"MaxResetTimeout", api.BreakerConfig{ResetTimeout: time.Minute, MaxResetTimeout: time.Second}},
	}
	bubble(t, func(t *testing.T, s *api.System) {
		for _, row := range rows {
			b, err := s.Breaker("bad", row.cfg)
			requireConfigError(t, err, "breaker", "bad", row.field)
			require.Nil(t, b)
		}
		require.Empty(t, s.Breakers(), "nothing half-made is left")
		_, err := s.Breaker("", api.BreakerConfig{})
		requireConfigError(t, err, "breaker", "", "Name")
	})
}

// Promise (System, events, logs and errors): Invalid settings are a *ConfigError at once, which names the kind, the name, the field and the problem.
func TestEdgesOfBreakerSettingsAreAccepted(t *testing.T) {
	for _, cfg := range []api.BreakerConfig{
		{FailureThreshold: api.Off},
		{FailureRate: 1},
		{MinimumCalls: 100},
		{MinimumCalls: 1000, Window: api.TimeWindow(time.Second)}, // only a count window bounds it
		{SlowCall: 1, SlowCallRate: 1},
		{ResetTimeout: time.Minute, MaxResetTimeout: time.Minute, ResetBackoff: 1},
	} {
		bubble(t, func(t *testing.T, s *api.System) {
			_, err := s.Breaker("fine", cfg)
			require.NoError(t, err)
		})
	}
}

// Promise (System, events, logs and errors): Invalid settings are a *ConfigError at once, which names the kind, the name, the field and the problem.
func TestBadRetrySettingsAreRefused(t *testing.T) {
	rows := []struct {
		field string
		cfg   api.RetryConfig
	}{
		{"MaxAttempts", api.RetryConfig{MaxAttempts: -2}},
		{"InitialDelay", api.RetryConfig{InitialDelay: -1}},
		{"BackoffFactor", api.RetryConfig{BackoffFactor: 0.9}},
		{"BackoffFactor", api.RetryConfig{BackoffFactor: -2}},
		{"BackoffFactor", api.RetryConfig{BackoffFactor: math.NaN()}},
		{"BackoffFactor", api.RetryConfig{BackoffFactor: math.Inf(1)}},
		{"MaxDelay", api.RetryConfig{MaxDelay: -1}},
		{"Jitter", api.RetryConfig{Jitter: api.JitterBy(1.01)}},
		{"Jitter", api.RetryConfig{Jitter: api.JitterBy(math.NaN())}},
		{"Jitter", api.RetryConfig{Jitter: api.JitterUpTo(-1)}},
		{"Classify", api.RetryConfig{Classify: func(error) api.Outcome { return api.Failure }, Retryable: func(error) bool { return true }}},
		{"Budget", api.RetryConfig{Budget: &api.RetryBudget{Ratio: -0.1}}},
		{"Budget", api.RetryConfig{Budget: &api.RetryBudget{Ratio: math.NaN()}}},
		{"Budget", api.RetryConfig{Budget: &api.RetryBudget{MinPerSecond: -1}}},
		{"Budget", api.RetryConfig{Budget: &api.RetryBudget{MinPerSecond: math.NaN()}}},
		{"Budget", api.RetryConfig{Budget: &api.RetryBudget{Window: -1}}},
	}
	bubble(t, func(t *testing.T, s *api.System) {
		for _, row := range rows {
			r, err := s.Retry("bad", row.cfg)
			requireConfigError(t, err, "retry", "bad", row.field)
			require.Equal(t, err, row.cfg.Check("bad"))
			require.Nil(t, r)
		}
		_, found := s.LookupRetry("bad")
		require.False(t, found, "nothing half-made is left")
		_, err := s.Retry("", api.RetryConfig{})
		requireConfigError(t, err, "retry", "", "Name")
		require.Equal(t, err, api.RetryConfig{}.Check(""))
		require.NoError(t, api.RetryConfig{MaxAttempts: api.Unlimited, Jitter: api.JitterBy(1)}.Check("fine"))

		r, err := s.Retry("good", api.RetryConfig{MaxAttempts: 2})
		require.NoError(t, err)
		requireConfigError(t, r.Configure(api.RetryConfig{MaxAttempts: -2}), "retry", "good", "MaxAttempts")
		require.Equal(t, 2, r.Config().MaxAttempts)
	})
}

// Promise (System, events, logs and errors): Invalid settings are a *ConfigError at once, which names the kind, the name, the field and the problem.
// Promise (Health): CheckConfig.Check returns what Register would. Interval and FastInterval are at least 1 ms.
func TestBadChecksAreRefused(t *testing.T) {
	const almost = time.Millisecond - 1
	rows := []struct {
		field string
		cfg   api.CheckConfig
	}{
		{"Timeout", api.CheckConfig{Timeout: -1}},
		{"Interval", api.CheckConfig{Interval: -2}},
		{"Interval", api.CheckConfig{Interval: 1}},
		{"Interval", api.CheckConfig{Interval: almost}},
		{"FastInterval", api.CheckConfig{FastInterval: -1}},
		{"FastInterval", api.CheckConfig{FastInterval: almost}},
		{"FastInterval", api.CheckConfig{FastInterval: almost, Interval: api.OnDemand}},
		{"FastInterval", api.CheckConfig{FastInterval: time.Minute}},
		{"UnhealthyAfter", api.CheckConfig{UnhealthyAfter: -1}},
		{"HealthyAfter", api.CheckConfig{HealthyAfter: -1}},
		{"Groups", api.CheckConfig{Groups: []string{""}}},
		{"Groups", api.CheckConfig{Groups: []string{"a\xff"}}},
		{"DependsOn", api.CheckConfig{DependsOn: []string{""}}},
		{"DependsOn", api.CheckConfig{DependsOn: []string{strings.Repeat("x", 256)}}},
		{"DependsOn", api.CheckConfig{DependsOn: []string{"bad"}}}, // itself
	}
	bubble(t, func(t *testing.T, s *api.System) {
		for _, row := range rows {
			err := row.cfg.Check("bad")
			requireConfigError(t, err, "check", "bad", row.field)
			require.Equal(t, err, s.Health().Register("bad", row.cfg, api.Ping(succeed)))
		}
		require.Empty(t, s.Health().Snapshot().Checks, "nothing half-made is left")
		requireConfigError(t, api.CheckConfig{}.Check(""), "check", "", "Name")
		fastest := api.CheckConfig{Interval: time.Millisecond, FastInterval: time.Millisecond}
		require.NoError(t, fastest.Check("good"))
		require.NoError(t, s.Health().Register("good", fastest, api.Ping(succeed)))
		requireConfigError(t, s.Health().Register("good", fastest, api.Ping(succeed)), "check", "good", "Name")
		requireConfigError(t, s.Health().Register("bad", fastest, nil), "check", "bad", "Check")
	})
}

// Promise (System, events, logs and errors): Invalid settings are a *ConfigError at once, which names the kind, the name, the field and the problem.
func TestAConfigErrorStaysShort(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		_, err := s.Breaker(strings.Repeat("x", 1<<20), api.BreakerConfig{ResetTimeout: -1})
		require.ErrorIs(t, err, api.ErrConfig)
		require.Less(t, len(err.Error()), 1000)
		require.False(t, errors.Is(err, api.ErrCircuitOpen))
	})
}

// Promise (System, events, logs and errors): Zero values that no constructor made return errors.
func TestZeroValuesThatCameFromNowhereAreRefused(t *testing.T) {
	var (
		b  api.Breaker
		r  api.Retry
		s  api.System
		no = func(context.Context) error { t.Error("it ran"); return nil }
	)
	_, acquired := b.Acquire(context.Background())
	_, asked := b.Stats()
	_, made := s.Breaker("x", api.BreakerConfig{})
	_, madeRetry := s.Retry("x", api.RetryConfig{})
	for i, err := range []error{
		b.Run(context.Background(), no), acquired, asked, b.Reset(), r.Run(context.Background(), no),
		api.Run(context.Background(), &b, no), made, madeRetry, s.Shutdown(context.Background()),
		s.ShowBreakers(api.ShowBreakersConfig{}), s.Drain(context.Background(), 0), s.Health().Deregister("x"),
	} {
		require.ErrorIs(t, err, api.ErrConfig, "row %d", i)
		require.ErrorContains(t, err, "must come from ", "row %d", i)
	}
	bubble(t, func(t *testing.T, s *api.System) {
		var none context.Context
		requireConfigError(t, s.Shutdown(none), "system", "", "ctx")
		require.ErrorContains(t, s.Shutdown(none), "must not be nil")
	})
}
