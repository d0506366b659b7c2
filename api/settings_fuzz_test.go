package api_test

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

var errFuzz = errors.New("no")

// refusedOrNil requires that err is nil, or a ConfigError that names a field of the
// settings. It reports whether there is an error.
func refusedOrNil(t *testing.T, err error, settings any) (refused bool) {
	if err == nil {
		return false
	}
	bad, ok := errors.AsType[*api.ConfigError](err)
	require.True(t, ok, "%v", err)
	field, _, _ := strings.Cut(bad.Field, ".")
	_, known := reflect.TypeOf(settings).FieldByName(field)
	require.True(t, known, "no field %q", bad.Field)
	require.NotEmpty(t, bad.Problem)
	return true
}

// century is the maximum of every wait here. The time of a bubble ends in 2262, and
// a program that reaches it crashes.
const century = int64(1) << 61

// inBubble runs play with a System in virtual time. The test fails if a goroutine
// never ends.
func inBubble(t *testing.T, play func(t *testing.T, s *api.System)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		play(t, s)
		require.NoError(t, s.Shutdown(context.Background()))
	})
}

// FuzzBreakerSettings: settings are refused with the name of a field, or they make a
// breaker whose counts are right after any script.
//
// Promise (System, events, logs and errors): Any settings either work or are refused with the name of a field.
func FuzzBreakerSettings(f *testing.F) {
	f.Add(1, int64(time.Second), 1, int64(time.Second), 0, int64(0), 0, 0.0, int64(0), 0.0, 1.0, int64(0), []byte("fsctx019"))
	f.Add(-1, int64(1), 3, int64(9), 10, int64(0), 5, 0.5, int64(1), 0.5, 2.0, int64(time.Hour), []byte("ffffffffff3sx3tf9r"))
	f.Add(2, int64(1)<<62, 1<<62, int64(1)<<62, 0, int64(1)<<62, 1, 1e-300, int64(1)<<62, 1e-300, 1e300, int64(1)<<62, []byte("ff9s9tcc"))
	f.Add(0, int64(0), 0, int64(0), 0, int64(10), 1, 1.0, int64(0), 0.0, 0.0, int64(0), []byte("f0f1f2f3s4"))
	f.Fuzz(func(t *testing.T, threshold int, reset int64, trials int, trial int64, calls int, span int64, minimum int,
		failures float64, slow int64, slowRate, backoff float64, maxReset int64, script []byte) {
		cfg := api.BreakerConfig{
			FailureThreshold: threshold, ResetTimeout: time.Duration(reset), HalfOpenMaxCalls: trials, TrialTimeout: time.Duration(trial),
			MinimumCalls: minimum, FailureRate: failures, SlowCall: time.Duration(slow), SlowCallRate: slowRate,
			ResetBackoff: backoff, MaxResetTimeout: time.Duration(maxReset),
		}
		if cfg.Window = api.CountWindow(calls % 100_000); calls == 0 {
			cfg.Window = api.TimeWindow(time.Duration(span))
		}
		inBubble(t, func(t *testing.T, s *api.System) {
			b, err := s.Breaker("x", cfg)
			if !refusedOrNil(t, err, cfg) {
				playBreaker(t, b, script)
			}
		})
	})
}

// playBreaker plays a script and requires that the counts agree with the calls. A
// digit sleeps; x, o and d are Reset, ForceOpen and Disable; c is Configure; t
// acquires a permit and r returns the oldest; s is a success, any other a failure.
func playBreaker(t *testing.T, b *api.Breaker, script []byte) {
	var held []*api.Permit
	admitted := uint64(0)
	run := func(err error) {
		_ = b.Run(context.Background(), func(context.Context) error { admitted++; return err })
	}
	for _, letter := range script[:min(len(script), 200)] {
		switch {
		case letter >= '0' && letter <= '9':
			time.Sleep(time.Duration(1) << (4 * (letter - '0')))
		case letter == 'x':
			require.NoError(t, b.Reset())
		case letter == 'o':
			require.NoError(t, b.ForceOpen())
		case letter == 'd':
			require.NoError(t, b.Disable())
		case letter == 'c':
			require.NoError(t, b.Configure(b.Config()))
		case letter == 't':
			if p, err := b.Acquire(context.Background()); err == nil {
				admitted++
				held = append(held, p)
			}
		case letter == 'r' && len(held) > 0:
			held[0].Done(nil)
			held = held[1:]
		case letter == 's':
			run(nil)
		default:
			run(errFuzz)
		}
		if stats, err := b.Stats(); err != nil || stats.Trials > b.Config().HalfOpenMaxCalls || b.TimeUntilReset() > b.Config().MaxResetTimeout {
			t.Fatalf("%v %+v, %v until reset, with %+v", err, stats, b.TimeUntilReset(), b.Config())
		}
	}
	for _, p := range held {
		p.Done(nil)
	}
	require.NoError(t, b.Reset())
	run(nil)
	stats, err := b.Stats()
	require.NoError(t, err)
	require.Equal(t, b.State(), stats.State)
	require.Zero(t, stats.Trials)
	ended := stats.Successes + stats.Failures + stats.Ignored + stats.Late
	require.GreaterOrEqual(t, ended, admitted, "%+v", stats) // an overdue trial counts twice: as failed, then as late
	require.LessOrEqual(t, ended, 2*admitted, "%+v", stats)
}

// FuzzRetrySettings: no more attempts than allowed, no wait longer than MaxDelay.
//
// Promise (System, events, logs and errors): Any settings either work or are refused with the name of a field.
func FuzzRetrySettings(f *testing.F) {
	f.Add(3, int64(time.Second), 2.0, int64(time.Minute), uint8(0), false, 0.0, 0.0, int64(0), int64(0))
	f.Add(1<<62, int64(1)<<62, 1e300, int64(1)<<62, uint8(2), true, 1e300, 1e300, int64(1)<<62, int64(1)<<62)
	f.Add(100, int64(1), 1.0, int64(1), uint8(3), true, 0.1, 0.0, int64(1), int64(-1))
	f.Add(-1, int64(1), 1.0, int64(time.Hour), uint8(4), true, 1.0, 100.0, int64(time.Minute), int64(0))
	f.Fuzz(func(t *testing.T, attempts int, initial int64, factor float64, maxDelay int64, jitter uint8, budget bool, ratio, perSecond float64, span, after int64) {
		cfg := api.RetryConfig{
			MaxAttempts: attempts, InitialDelay: time.Duration(initial), BackoffFactor: factor, MaxDelay: time.Duration(maxDelay),
			Jitter: []api.Jitter{api.JitterProportional, api.JitterNone, api.JitterFull, api.JitterEqual, api.JitterBy(ratio), api.JitterUpTo(time.Duration(span))}[jitter%6],
		}
		if budget {
			cfg.Budget = &api.RetryBudget{Ratio: ratio, MinPerSecond: perSecond, Window: time.Duration(span)}
		}
		inBubble(t, func(t *testing.T, s *api.System) {
			r, err := s.Retry("x", cfg)
			if refusedOrNil(t, err, cfg) {
				return
			}
			made, last := 0, time.Time{}
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(century))
			defer cancel()
			err = r.Run(ctx, func(ctx context.Context) error {
				made++
				require.Equal(t, made, api.Attempt(ctx))
				if !last.IsZero() {
					require.LessOrEqual(t, time.Since(last), r.Config().MaxDelay)
				}
				last = time.Now()
				if made == 60 {
					return nil
				}
				return api.RetryAfter(errFuzz, time.Duration(after))
			})
			if limit := r.Config().MaxAttempts; limit != api.Unlimited {
				require.LessOrEqual(t, made, limit)
			}
			if gaveUp, ok := errors.AsType[*api.RetryError](err); ok {
				require.Equal(t, made, gaveUp.Attempts)
			}
			require.Equal(t, made < 60, err != nil, "%v", err)
		})
	})
}
