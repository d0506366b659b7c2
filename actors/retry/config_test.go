package retry

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func TestTheZeroConfigMeansTheDefaults(t *testing.T) {
	cfg, err := Config{Budget: &Budget{Ratio: 0.1}}.Normalize("api")
	require.NoError(t, err)
	require.Equal(t, Config{
		MaxAttempts: 3, InitialDelay: time.Second, BackoffFactor: 2, MaxDelay: time.Minute,
		Jitter: JitterProportional, Budget: &Budget{Ratio: 0.1, Window: 10 * time.Second},
	}, cfg)
}

func TestBadSettingsAreRefusedByName(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, row := range []struct {
		cfg     Config
		field   string
		problem string
	}{
		{Config{MaxAttempts: -2}, "MaxAttempts", "must not be negative: -2"},
		{Config{InitialDelay: -time.Second}, "InitialDelay", "must not be negative: -1s"},
		{Config{BackoffFactor: 0.5}, "BackoffFactor", "must be a finite number of at least 1: 0.5"},
		{Config{BackoffFactor: -2}, "BackoffFactor", "must be a finite number of at least 1: -2"},
		{Config{BackoffFactor: nan}, "BackoffFactor", "must be a finite number of at least 1: NaN"},
		{Config{BackoffFactor: inf}, "BackoffFactor", "must be a finite number of at least 1: +Inf"},
		{Config{MaxDelay: -1}, "MaxDelay", "must not be negative: -1ns"},
		{Config{Jitter: JitterBy(1.5)}, "Jitter", "must be from 0 to 1: 1.5"},
		{Config{Jitter: JitterBy(-0.1)}, "Jitter", "must be from 0 to 1: -0.1"},
		{Config{Jitter: JitterBy(nan)}, "Jitter", "must be from 0 to 1: NaN"},
		{Config{Jitter: JitterUpTo(-1)}, "Jitter", "must not be negative: -1ns"},
		{Config{
			Retryable: func(error) bool { return true }, Classify: func(error) messages.Outcome { return messages.Failure },
		}, "Classify", "must not be set together with Retryable"},
		{Config{Budget: &Budget{Ratio: -1}}, "Budget.Ratio", "must be a finite number of at least 0: -1"},
		{Config{Budget: &Budget{Ratio: nan}}, "Budget.Ratio", "must be a finite number of at least 0: NaN"},
		{Config{Budget: &Budget{MinPerSecond: inf}}, "Budget.MinPerSecond", "must be a finite number of at least 0: +Inf"},
		{Config{Budget: &Budget{Window: -1}}, "Budget.Window", "must not be negative: -1ns"},
	} {
		_, err := row.cfg.Normalize("api")
		require.Equal(t, &messages.ConfigError{Kind: "retry", Name: "api", Field: row.field, Problem: row.problem}, err)
	}
	_, err := Config{}.Normalize("")
	require.Equal(t, &messages.ConfigError{Kind: "retry", Field: "Name", Problem: "must not be empty"}, err)
}

func TestDelay(t *testing.T) {
	const forever = time.Duration(math.MaxInt64)
	seconds := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for _, row := range []struct {
		cfg     Config
		attempt int
		random  float64
		want    time.Duration
	}{
		// The documented table: 1 s, 2 s, 4 s, 8 s, capped.
		{Config{Jitter: JitterNone}, 1, 0.9, seconds(1)},
		{Config{Jitter: JitterNone}, 2, 0.9, seconds(2)},
		{Config{Jitter: JitterNone}, 3, 0.9, seconds(4)},
		{Config{Jitter: JitterNone}, 4, 0.9, seconds(8)},
		{Config{Jitter: JitterNone, MaxDelay: 5 * time.Second}, 4, 0.9, seconds(5)},
		{Config{Jitter: JitterNone, MaxDelay: time.Millisecond}, 1, 0, time.Millisecond},
		{Config{Jitter: JitterNone, BackoffFactor: 1}, 1000, 0, seconds(1)},
		{Config{Jitter: JitterNone, InitialDelay: 1, BackoffFactor: 1}, 7, 0, 1},

		{Config{}, 1, 0, seconds(0.75)},
		{Config{}, 1, 0.5, seconds(1)},
		{Config{}, 2, 0.75, seconds(2.25)},
		{Config{MaxDelay: time.Second}, 1, 0.99, seconds(1)}, // jitter included
		{Config{MaxDelay: time.Second}, 9, 0, seconds(0.75)},
		{Config{Jitter: JitterFull}, 1, 0, 0},
		{Config{Jitter: JitterFull}, 2, 0.25, seconds(0.5)},
		{Config{Jitter: JitterEqual}, 1, 0, seconds(0.5)},
		{Config{Jitter: JitterEqual}, 2, 0.5, seconds(1.5)},
		{Config{Jitter: JitterBy(0.1)}, 1, 0, seconds(0.9)},
		{Config{Jitter: JitterBy(0.1)}, 2, 0.75, seconds(2.1)},
		{Config{Jitter: JitterBy(1)}, 1, 0, 0},
		{Config{Jitter: JitterBy(0)}, 1, 0.9, seconds(1)}, // none, and not the default
		{Config{Jitter: JitterUpTo(time.Minute)}, 1, 0, seconds(1)},
		{Config{Jitter: JitterUpTo(time.Minute)}, 1, 0.5, seconds(31)},
		{Config{Jitter: JitterUpTo(time.Hour)}, 1, 0.5, time.Minute},
		{Config{Jitter: JitterUpTo(0)}, 1, 0.9, seconds(1)},

		// A Backoff replaces InitialDelay and BackoffFactor, and nothing else.
		{Config{Backoff: linear, Jitter: JitterNone, InitialDelay: time.Hour, BackoffFactor: 9}, 7, 0.9, seconds(7)},
		{Config{Backoff: linear}, 4, 0, seconds(3)},
		{Config{Backoff: linear, Jitter: JitterNone, MaxDelay: 5 * time.Second}, 6, 0, seconds(5)},
		{Config{Backoff: linear, Jitter: JitterNone}, math.MinInt, 0, seconds(1)},
		{Config{Backoff: func(int, error) time.Duration { return -time.Hour }}, 1, 0.9, 0},
		{Config{Backoff: func(int, error) time.Duration { return forever }, Jitter: JitterBy(1)}, 1, 0.9, time.Minute},

		// Nothing overflows, nothing is negative.
		{Config{Jitter: JitterNone}, 0, 0, seconds(1)},
		{Config{Jitter: JitterNone}, math.MinInt, 0, seconds(1)},
		{Config{Jitter: JitterNone}, math.MaxInt, 0, time.Minute},
		{Config{Jitter: JitterNone, MaxDelay: forever}, math.MaxInt, 0, forever},
		{Config{MaxDelay: forever}, math.MaxInt, 0.99, forever},
		{Config{Jitter: JitterNone, MaxDelay: forever, InitialDelay: forever}, 1, 0, forever},
		{Config{Jitter: JitterNone, BackoffFactor: math.NaN()}, 2, 0, time.Minute},
		{Config{Jitter: JitterNone, InitialDelay: -1}, 1, 0, 0},
		{Config{Jitter: JitterNone, MaxDelay: -1}, 1, 0, 0},
	} {
		require.Equal(t, row.want, delayOf(row.cfg, row.attempt, row.random), "%+v attempt %d", row.cfg, row.attempt)
	}
}

// linear waits a second longer after each attempt.
func linear(attempt int, _ error) time.Duration { return time.Duration(attempt) * time.Second }

// delayOf is Config.Delay with a given random number.
func delayOf(cfg Config, attempt int, random float64) time.Duration {
	cfg = cfg.withDefaults()
	return cfg.delay(attempt, cfg.backoff(attempt, nil), random)
}

func TestDelayIsRandomEachTime(t *testing.T) {
	delays := map[time.Duration]bool{}
	for range 100 {
		d := Config{}.Delay(1)
		require.GreaterOrEqual(t, d, 750*time.Millisecond)
		require.LessOrEqual(t, d, 1250*time.Millisecond)
		delays[d] = true
	}
	require.Greater(t, len(delays), 1)
}
