package api_test

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"os/signal"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

var errFuzz = errors.New("no")

// refusedOrNil demands of an error that it is a ConfigError that names a field
// of those settings, and reports whether there is one.
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

// century is as long as anything waits here: a bubble's time ends in 2262, and
// the runtime does not survive that.
const century = int64(1) << 61

// inBubble plays on a system of its own in virtual time. What never returns
// blocks the bubble, which fails.
func inBubble(t *testing.T, play func(t *testing.T, s *api.System)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		play(t, s)
		require.NoError(t, s.Shutdown(context.Background()))
	})
}

// FuzzBreakerSettings: settings are refused by the name of a field, or make a
// breaker that works, whatever is played on it.
func FuzzBreakerSettings(f *testing.F) {
	f.Add(1, int64(time.Second), 1, int64(time.Second), 0, int64(0), 0, 0.0, int64(0), 0.0, 1.0, int64(0), []byte("fsctx019"))
	f.Add(-1, int64(1), 3, int64(9), 10, int64(0), 5, 0.5, int64(1), 0.5, 2.0, int64(time.Hour), []byte("ffffffffff3sx3tf9r"))
	f.Add(2, int64(1)<<62, 1<<62, int64(1)<<62, 0, int64(1)<<62, 1, 1e-300, int64(1)<<62, 1e-300, 1e300, int64(1)<<62, []byte("ff9s9tcc"))
	f.Add(0, int64(0), 0, int64(0), 0, int64(10), 1, 1.0, int64(0), 0.0, 0.0, int64(0), []byte("f0f1f2f3s4"))
	f.Fuzz(func(t *testing.T, threshold int, reset int64, trials int, trial int64, calls int, span int64, minimum int,
		failures float64, slow int64, slowRate, backoff float64, most int64, script []byte) {
		cfg := api.BreakerConfig{
			FailureThreshold: threshold, ResetTimeout: time.Duration(reset), HalfOpenMaxCalls: trials, TrialTimeout: time.Duration(trial),
			MinimumCalls: minimum, FailureRate: failures, SlowCall: time.Duration(slow), SlowCallRate: slowRate,
			ResetBackoff: backoff, MaxResetTimeout: time.Duration(most),
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

// playBreaker does what the letters say and looks whether the books balance: a
// digit sleeps, x, o and d are orders, t takes a permit, r returns the oldest.
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
func FuzzRetrySettings(f *testing.F) {
	f.Add(3, int64(time.Second), 2.0, int64(time.Minute), uint8(0), false, 0.0, 0.0, int64(0), int64(0))
	f.Add(1<<62, int64(1)<<62, 1e300, int64(1)<<62, uint8(2), true, 1e300, 1e300, int64(1)<<62, int64(1)<<62)
	f.Add(100, int64(1), 1.0, int64(1), uint8(3), true, 0.1, 0.0, int64(1), int64(-1))
	f.Fuzz(func(t *testing.T, attempts int, initial int64, factor float64, most int64, jitter uint8, budget bool, ratio, perSecond float64, span, after int64) {
		cfg := api.RetryConfig{
			MaxAttempts: attempts, InitialDelay: time.Duration(initial), BackoffFactor: factor, MaxDelay: time.Duration(most), Jitter: api.Jitter(jitter),
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
			require.LessOrEqual(t, made, r.Config().MaxAttempts)
			if gaveUp, ok := errors.AsType[*api.RetryError](err); ok {
				require.Equal(t, made, gaveUp.Attempts)
			}
			require.Equal(t, made < 60, err != nil, "%v", err)
		})
	})
}

// FuzzCheckSettings: a check runs, as often as its settings say and not more,
// and its status is what it returned last once the streaks allow.
func FuzzCheckSettings(f *testing.F) {
	f.Add(int64(0), int64(0), int64(0), 0, 0, false, []byte("gbgb"))
	f.Add(int64(1)<<62, int64(1)<<62, int64(1)<<62, 1<<62, 1<<62, true, []byte("bbbg"))
	f.Add(int64(1), int64(-1), int64(0), 2, 3, false, []byte("bbggggp"))
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), int64(1), 1, 1, false, []byte("pgsb"))
	f.Fuzz(func(t *testing.T, limit, interval, fast int64, unhealthy, healthy int, optional bool, script []byte) {
		cfg := api.CheckConfig{
			Timeout: time.Duration(limit), Interval: time.Duration(interval), FastInterval: time.Duration(fast),
			UnhealthyAfter: unhealthy, HealthyAfter: healthy, Optional: optional,
		}
		inBubble(t, func(t *testing.T, s *api.System) {
			var runs atomic.Int32
			err := s.Health().Register("x", cfg, func(context.Context) (api.Details, error) {
				letter := byte('g')
				if run := int(runs.Add(1)); run <= len(script) {
					letter = script[run-1]
				}
				switch letter {
				case 'p':
					panic("no")
				case 's':
					time.Sleep(time.Second)
				case 'b':
					return nil, errFuzz
				case 'd':
					return nil, api.Degrade("half")
				}
				return nil, nil
			})
			if refusedOrNil(t, err, cfg) {
				return
			}
			synctest.Wait()
			require.Positive(t, runs.Load(), "the first run")
			every := time.Duration(interval)
			if every <= 0 {
				every = 10 * time.Second
			}
			time.Sleep(min(3*(every/2), time.Hour)) // one and a half intervals, or less
			synctest.Wait()
			require.Less(t, runs.Load(), int32(200), "a frenzy: %+v", cfg)
			r := s.Health().Run(context.Background(), "x")
			require.NotEmpty(t, r.Timestamp)
			require.Equal(t, s.Health().Snapshot().Status, s.Health().Status())
		})
	})
}

// FuzzTimeoutSettings: the call returns at the limit, not later, and says so.
func FuzzTimeoutSettings(f *testing.F) {
	f.Add(int64(time.Second), int64(time.Minute), int64(time.Hour), "x", false)
	f.Add(int64(1)<<62, int64(1)<<61, int64(0), "", false)
	f.Add(int64(-1), int64(0), int64(1), "\xff", true)
	f.Add(int64(5), int64(7), int64(3), "x", true)
	f.Fuzz(func(t *testing.T, limit, takes, deadline int64, operation string, cooperative bool) {
		takes = min(takes, century)
		synctest.Test(t, func(t *testing.T) {
			cfg := api.TimeoutConfig{Limit: time.Duration(limit), Operation: operation, Cooperative: cooperative}
			ctx, cancel := context.WithTimeout(context.Background(), time.Duration(deadline))
			defer cancel()
			defer synctest.Wait()
			defer time.Sleep(time.Duration(takes)) // a deaf call outlives its caller
			var ran atomic.Bool
			begin, most := time.Now(), min(max(0, limit), max(0, deadline))
			err := api.Run(ctx, cfg, func(ctx context.Context) error {
				ran.Store(true)
				if cooperative {
					return waitFor(ctx, time.Duration(takes))
				}
				time.Sleep(time.Duration(takes)) // deaf
				return nil
			})
			took := int64(time.Since(begin))
			require.LessOrEqual(t, took, most)
			switch {
			case deadline <= 0:
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.False(t, ran.Load())
			case limit <= 0:
				require.ErrorIs(t, err, api.ErrTimeout)
				require.False(t, ran.Load())
			case takes < most:
				require.NoError(t, err)
			case takes > most:
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.Equal(t, limit < deadline, errors.Is(err, api.ErrTimeout) && limit != deadline, "%v", err)
			}
		})
	})
}

func waitFor(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// FuzzDrainSettings: a drain waits its delay, lets every step run, and ends.
func FuzzDrainSettings(f *testing.F) {
	signals := make(chan os.Signal, 1) // package signal keeps a goroutine for ever: it must not be a bubble's
	signal.Notify(signals, syscall.SIGALRM)
	signal.Stop(signals)
	f.Add(int64(0), int64(0), uint8(1))
	f.Add(int64(math.MaxInt64), int64(math.MaxInt64), uint8(3))
	f.Add(int64(1), int64(-1), uint8(0))
	f.Fuzz(func(t *testing.T, delay, limit int64, steps uint8) {
		delay = min(delay, century)
		cfg := api.DrainConfig{Delay: time.Duration(delay), Limit: time.Duration(limit), Signals: []os.Signal{syscall.SIGALRM}}
		ran := 0
		for range steps % 4 {
			cfg.Finish = append(cfg.Finish, func(context.Context) error { ran++; return errFuzz })
		}
		inBubble(t, func(t *testing.T, s *api.System) {
			gone, cancel := context.WithCancel(context.Background())
			cancel()
			begin := time.Now()
			err := s.DrainOnSignal(gone, cfg)
			if bad, ok := errors.AsType[*api.ConfigError](err); ok {
				require.True(t, delay < 0 && bad.Field == "Delay" || limit < 0 && bad.Field == "Limit", bad.Field)
				return
			}
			require.Equal(t, int(steps%4), ran)
			require.Equal(t, ran > 0, errors.Is(err, errFuzz))
			if cfg.Delay == 0 {
				cfg.Delay = 5 * time.Second
			}
			require.Equal(t, cfg.Delay, time.Since(begin))
		})
	})
}
