package api_test

import (
	"context"
	"errors"
	"math"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// FuzzCheckSettings: a check runs at least once and not more often than its settings
// allow, and Status agrees with Snapshot.
//
// Promise (System, events, logs and errors): Any settings either work or are refused with the name of a field.
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
			require.Less(t, runs.Load(), int32(200), "too many runs: %+v", cfg)
			r := s.Health().Run(context.Background(), "x")
			require.NotEmpty(t, r.Timestamp)
			require.Equal(t, s.Health().Snapshot().Status, s.Health().Status())
		})
	})
}

// FuzzTimeoutSettings: the call returns at the limit, not later, with ErrTimeout.
//
// Promise (System, events, logs and errors): Any settings either work or are refused with the name of a field.
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
			defer time.Sleep(time.Duration(takes)) // a call that ignores its ctx outlives its caller
			var ran atomic.Bool
			begin, limited := time.Now(), min(max(0, limit), max(0, deadline))
			err := api.Run(ctx, cfg, func(ctx context.Context) error {
				ran.Store(true)
				if cooperative {
					return waitFor(ctx, time.Duration(takes))
				}
				time.Sleep(time.Duration(takes)) // ignores its ctx
				return nil
			})
			took := int64(time.Since(begin))
			require.LessOrEqual(t, took, limited)
			switch {
			case deadline <= 0:
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.False(t, ran.Load())
			case limit <= 0:
				require.ErrorIs(t, err, api.ErrTimeout)
				require.False(t, ran.Load())
			case takes < limited:
				require.NoError(t, err)
			case takes > limited:
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

// FuzzDrainSettings: a drain waits for its delay, calls every function of Finish,
// and returns.
//
// Promise (System, events, logs and errors): Any settings either work or are refused with the name of a field.
func FuzzDrainSettings(f *testing.F) {
	signals := make(chan os.Signal, 1) // starts the goroutine of package signal, which never ends, outside the bubbles
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
			done, cancel := context.WithCancel(context.Background())
			cancel()
			begin := time.Now()
			err := s.DrainOnSignal(done, cfg)
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
