package tests

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (System, events, logs and errors): A name is one policy. The first settings stay; a warning in the log names the settings that differ.
func TestTheSameNameIsTheSameBreaker(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		first, err := s.Breaker("api", api.BreakerConfig{FailureThreshold: 7})
		require.NoError(t, err)
		same, err := s.Breaker("api", api.BreakerConfig{FailureThreshold: 7})
		require.NoError(t, err)
		require.Same(t, first, same)
		require.Empty(t, log.lines(t), "nothing differs")

		second, err := s.Breaker("api", api.BreakerConfig{FailureThreshold: 7, ResetTimeout: time.Second})
		require.NoError(t, err)
		require.Same(t, first, second)
		require.Equal(t, time.Minute, second.Config().ResetTimeout, "the first settings stay")
		warning := log.find(t, "WARN", "ResetTimeout")
		require.Contains(t, warning["msg"], "api")
	})
}

// Promise (System, events, logs and errors): A name is one policy. The first settings stay; a warning in the log names the settings that differ.
func TestTheSameNameIsTheSameRetry(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		first, err := s.Retry("api", api.RetryConfig{MaxAttempts: 7})
		require.NoError(t, err)
		same, err := s.Retry("api", api.RetryConfig{MaxAttempts: 7})
		require.NoError(t, err)
		require.Same(t, first, same)
		require.Empty(t, log.lines(t), "nothing differs")

		second, err := s.Retry("api", api.RetryConfig{MaxAttempts: 9})
		require.NoError(t, err)
		require.Same(t, first, second)
		require.Equal(t, 7, second.Config().MaxAttempts)
		log.find(t, "WARN", "MaxAttempts")
	})
}

// Promise (System, events, logs and errors): A name is one policy. The first settings stay; a warning in the log names the settings that differ.
func TestNamesOfDifferentKindsDoNotMeet(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		_, err := s.Breaker("api", api.BreakerConfig{})
		require.NoError(t, err)
		_, err = s.Retry("api", api.RetryConfig{})
		require.NoError(t, err)
		require.NoError(t, s.Health().Register("api", api.CheckConfig{}, api.Ping(succeed)))
	})
}

// Promise (System, events, logs and errors): A name is one policy. The first settings stay; a warning in the log names the settings that differ.
func TestBreakersAndRetriesAreFoundByName(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		require.Empty(t, s.Breakers())
		for _, name := range []string{"c", "a", "b"} {
			_, err := s.Breaker(name, api.BreakerConfig{})
			require.NoError(t, err)
			_, err = s.Retry(name, api.RetryConfig{})
			require.NoError(t, err)
		}
		var names []string
		for _, b := range s.Breakers() {
			names = append(names, b.Name())
		}
		require.Equal(t, []string{"a", "b", "c"}, names)

		b, found := s.LookupBreaker("b")
		require.True(t, found)
		require.Equal(t, "b", b.Name())
		r, found := s.LookupRetry("b")
		require.True(t, found)
		require.Equal(t, "b", r.Name())

		b, found = s.LookupBreaker("d")
		require.False(t, found)
		require.Nil(t, b)
		r, found = s.LookupRetry("d")
		require.False(t, found)
		require.Nil(t, r)
	})
}

// Promise (System, events, logs and errors): Systems share nothing.
func TestSystemsShareNothing(t *testing.T) {
	bubble(t, func(t *testing.T, one *api.System) {
		two := start(t, api.SystemConfig{})
		b := breaker(t, one, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f OPEN")
		require.Equal(t, api.Closed, breaker(t, two, api.BreakerConfig{}).State())
	})
}

// Promise (System, events, logs and errors): Defaults are filled in.
func TestBreakerDefaultsAreFilledIn(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		require.Equal(t, api.BreakerConfig{
			FailureThreshold: 5, ResetTimeout: time.Minute, HalfOpenMaxCalls: 3, TrialTimeout: time.Minute,
			Window: api.CountWindow(100), MinimumCalls: 20, ResetBackoff: 1, MaxResetTimeout: 10 * time.Minute,
		}, breaker(t, s, api.BreakerConfig{}).Config())

		b, err := s.Breaker("small window", api.BreakerConfig{Window: api.CountWindow(8)})
		require.NoError(t, err)
		require.Equal(t, 8, b.Config().MinimumCalls)
		b, err = s.Breaker("long reset", api.BreakerConfig{ResetTimeout: time.Hour})
		require.NoError(t, err)
		require.GreaterOrEqual(t, b.Config().MaxResetTimeout, time.Hour)
	})
}

// Promise (System, events, logs and errors): Defaults are filled in.
func TestRetryDefaultsAreFilledIn(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r, err := s.Retry("api", api.RetryConfig{Budget: &api.RetryBudget{Ratio: 0.1}})
		require.NoError(t, err)
		cfg := r.Config()
		require.Equal(t, 3, cfg.MaxAttempts)
		require.Equal(t, time.Second, cfg.InitialDelay)
		require.InDelta(t, 2, cfg.BackoffFactor, 0)
		require.Equal(t, time.Minute, cfg.MaxDelay)
		require.Equal(t, api.JitterProportional, cfg.Jitter)
		require.Equal(t, 10*time.Second, cfg.Budget.Window)
	})
}

// Promise (System, events, logs and errors): A name of any kind is 1 to 255 bytes of valid UTF-8. Any other is a *ConfigError.
func TestNamesThatAreTooLongOrNoTextAreRefused(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		refused := func(err error, kind, name, field string) {
			var bad *api.ConfigError
			require.ErrorAs(t, err, &bad)
			require.Equal(t, api.ConfigError{Kind: kind, Name: name, Field: field, Problem: bad.Problem}, *bad)
		}
		for _, name := range []string{"", strings.Repeat("x", 256), "\xff"} {
			_, err := s.Breaker(name, api.BreakerConfig{})
			refused(err, "breaker", name, "Name")
			_, err = s.Retry(name, api.RetryConfig{})
			refused(err, "retry", name, "Name")
			refused(s.Health().Register(name, api.CheckConfig{}, api.Ping(succeed)), "check", name, "Name")
			refused(s.Health().Register("db", api.CheckConfig{Groups: []string{name}}, api.Ping(succeed)), "check", "db", "Groups")
			require.ErrorIs(t, s.ShowBreakers(api.ShowBreakersConfig{Groups: []string{name}}), api.ErrConfig)
		}
		longest := strings.Repeat("é", 127) + "x"
		require.NoError(t, s.ShowBreakers(api.ShowBreakersConfig{}))
		b, err := s.Breaker(longest, api.BreakerConfig{})
		require.NoError(t, err)
		require.NoError(t, b.ForceOpen())
		r, err := s.Retry(longest, api.RetryConfig{})
		require.NoError(t, err)
		require.NoError(t, s.Health().Register(longest, api.CheckConfig{Groups: []string{longest}}, api.Ping(succeed)))
		synctest.Wait()
		require.Equal(t, []*api.Retry{r}, s.Retries())
		require.Len(t, s.Health().Snapshot(longest).Checks, 1)
		require.Len(t, s.Health().Snapshot("circuits").Checks, 1, "a breaker with the longest name is shown")
	})
}
