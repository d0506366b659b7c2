package tests

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Retry): The wait grows with each attempt as documented, up to MaxDelay, and never overflows.
func TestDelayGrowsAndIsCapped(t *testing.T) {
	plain := api.RetryConfig{Jitter: api.JitterNone}
	rows := []struct {
		name    string
		cfg     api.RetryConfig
		attempt int
		want    time.Duration
	}{
		{"after the first attempt", plain, 1, time.Second},
		{"after the second", plain, 2, 2 * time.Second},
		{"after the third", plain, 3, 4 * time.Second},
		{"after the sixth", plain, 6, 32 * time.Second},
		{"capped", plain, 7, time.Minute},
		{"never overflows", plain, math.MaxInt, time.Minute},
		{"never overflows, huge settings", api.RetryConfig{
			Jitter: api.JitterNone, InitialDelay: math.MaxInt64, BackoffFactor: math.MaxFloat64, MaxDelay: math.MaxInt64,
		}, 1000, math.MaxInt64},
		{"1 ns for none", api.RetryConfig{Jitter: api.JitterNone, InitialDelay: 1, BackoffFactor: 1}, 5, 1},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { require.Equal(t, row.want, row.cfg.Delay(row.attempt)) })
	}
}

// Promise (Retry): Each of the jitters stays in its documented range, MaxDelay included.
func TestJitterStaysInItsRange(t *testing.T) {
	const ms = time.Millisecond
	rows := []struct {
		name     string
		cfg      api.RetryConfig
		from, to time.Duration
	}{
		{"the default is ±25 %", api.RetryConfig{}, 750 * ms, 1250 * ms},
		{"proportional", api.RetryConfig{Jitter: api.JitterProportional}, 750 * ms, 1250 * ms},
		{"full", api.RetryConfig{Jitter: api.JitterFull}, 0, 1000 * ms},
		{"equal", api.RetryConfig{Jitter: api.JitterEqual}, 500 * ms, 1000 * ms},
		{"by a tenth", api.RetryConfig{Jitter: api.JitterBy(0.1)}, 900 * ms, 1100 * ms},
		{"by the whole", api.RetryConfig{Jitter: api.JitterBy(1)}, 0, 2000 * ms},
		{"by nothing", api.RetryConfig{Jitter: api.JitterBy(0)}, 1000 * ms, 1000 * ms},
		{"up to a span", api.RetryConfig{Jitter: api.JitterUpTo(5 * time.Second)}, 1000 * ms, 6000 * ms},
		{"up to a span, of own waits", api.RetryConfig{
			Backoff: func(attempt int, err error) time.Duration { return 500 * ms }, Jitter: api.JitterUpTo(100 * ms),
		}, 500 * ms, 600 * ms},
		{"the cap includes it", api.RetryConfig{MaxDelay: 1100 * ms}, 750 * ms, 1100 * ms},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			lowest, highest := time.Duration(math.MaxInt64), time.Duration(0)
			for range 10_000 {
				d := row.cfg.Delay(1)
				lowest, highest = min(lowest, d), max(highest, d)
			}
			require.GreaterOrEqual(t, lowest, row.from)
			require.LessOrEqual(t, highest, row.to)
			spread := row.to - row.from
			require.LessOrEqual(t, lowest, row.from+spread/10, "the draws spread over the range")
			require.GreaterOrEqual(t, highest, row.to-spread/10)
		})
	}
}

// Promise (Retry): Jitters can be compared. Their zero value is JitterProportional.
func TestJittersAreComparable(t *testing.T) {
	all := map[api.Jitter]string{
		{}: "proportional", api.JitterNone: "none", api.JitterFull: "full", api.JitterEqual: "equal",
		api.JitterBy(0.1): "by 0.1", api.JitterBy(0.25): "by 0.25", api.JitterUpTo(time.Second): "up to 1s",
	}
	require.Len(t, all, 7)
	for j, text := range all {
		require.Equal(t, text, j.String())
		var read api.Jitter
		require.NoError(t, read.UnmarshalText([]byte(text)))
		require.Equal(t, j, read)
	}
	require.Equal(t, "proportional", all[api.JitterProportional])
	require.Equal(t, "none", all[api.JitterBy(0)])
	require.Equal(t, "none", all[api.JitterUpTo(0)])
}
