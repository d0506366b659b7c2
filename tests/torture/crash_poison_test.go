//go:build poison

package torture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// questions are all operations that ask the owner of a breaker. Each returns the
// error that the caller gets.
var questions = map[string]func(b *api.Breaker) error{
	"a failure": func(b *api.Breaker) error {
		err := b.Run(context.Background(), func(context.Context) error { return errBoom })
		if errors.Is(err, errBoom) {
			return api.ErrCrashed // the caller gets its own error, the log has the crash
		}
		return err
	},
	"Stats":     func(b *api.Breaker) error { _, err := b.Stats(); return err },
	"Reset":     (*api.Breaker).Reset,
	"ForceOpen": (*api.Breaker).ForceOpen,
	"Disable":   (*api.Breaker).Disable,
	"Configure": func(b *api.Breaker) error { return b.Configure(api.BreakerConfig{FailureThreshold: 1}) },
}

// situations are all states that a breaker can be in.
var situations = map[string]func(t *testing.T, b *api.Breaker){
	"closed, with a streak": func(t *testing.T, b *api.Breaker) {},
	"open":                  func(t *testing.T, b *api.Breaker) { failOften(b, 5) },
	"half-open, with trials": func(t *testing.T, b *api.Breaker) {
		failOften(b, 5)
		time.Sleep(time.Minute)
		synctest.Wait()
		for range 2 {
			_, err := b.Acquire(context.Background())
			require.NoError(t, err)
		}
	},
	"forced open": func(t *testing.T, b *api.Breaker) { require.NoError(t, b.ForceOpen()) },
	"disabled":    func(t *testing.T, b *api.Breaker) { require.NoError(t, b.Disable()); failOften(b, 9) },
}

func failOften(b *api.Breaker, times int) {
	for range times {
		_ = b.Run(context.Background(), func(context.Context) error { return errBoom })
	}
}

// This holds for every question in every situation. The caller gets its error at
// once, and the restarted owner has all that the crashed one had.
//
// Promise (Torture): When an owner crashes, its caller gets an error, and no count is lost. Restarts back off.
func TestACrashLosesNothingOfABreaker(t *testing.T) {
	for situation, enter := range situations {
		for question, ask := range questions {
			t.Run(situation+"/"+question, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					clearPlan()
					b, err := start(t).Breaker("b", api.BreakerConfig{HalfOpenMaxCalls: 4, SlowCallRate: 1, SlowCall: time.Hour})
					require.NoError(t, err)
					failOften(b, 2)
					require.NoError(t, b.Run(context.Background(), func(context.Context) error { return nil }))
					failOften(b, 3)
					enter(t, b)
					before, settings := statsOf(t, b), b.Config()
					if question == "a failure" && before.State == api.Open {
						return // the call is refused without asking the owner
					}
					begin := time.Now()
					poison("b")
					require.ErrorIs(t, ask(b), api.ErrCrashed)
					require.Zero(t, time.Since(begin), "at once")
					require.Equal(t, 1, crashesOf("b"))
					require.Equal(t, before, statsOf(t, b))
					require.Equal(t, settings.FailureThreshold, b.Config().FailureThreshold)
					worksOn(t, b, before)
				})
			})
		}
	}
}

func statsOf(t *testing.T, b *api.Breaker) api.BreakerStats {
	s, err := b.Stats()
	require.NoError(t, err)
	require.Equal(t, b.State(), s.State)
	return s
}

// worksOn requires that the breaker has an owner: the next calls are counted.
func worksOn(t *testing.T, b *api.Breaker, before api.BreakerStats) {
	err := b.Run(context.Background(), func(context.Context) error { return nil })
	after := statsOf(t, b)
	if before.State == api.Open {
		require.ErrorIs(t, err, api.ErrCircuitOpen)
		require.Equal(t, before.Rejected+1, after.Rejected)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if before.Mode == api.Automatic {
			require.Equal(t, api.HalfOpen, b.State(), "the timer came, too")
		}
		return
	}
	require.NoError(t, err)
	require.Equal(t, before.Successes+1, after.Successes)
	if before.Trials > 0 {
		time.Sleep(time.Minute)
		synctest.Wait()
		require.Equal(t, api.Open, b.State(), "trials that were out before the crash are still due")
		require.Equal(t, before.Failures+1, statsOf(t, b).Failures)
	}
}

// An owner that crashes on each message is restarted less and less often, and
// never given up. A caller gets its answer within one pause. Once the owner no
// longer crashes, the breaker works.
//
// Promise (Torture): When an owner crashes, its caller gets an error, and no count is lost. Restarts back off.
func TestCrashesInARowAreCappedByABackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clearPlan()
		b, err := start(t).Breaker("b", api.BreakerConfig{})
		require.NoError(t, err)
		failOften(b, 3)
		planCrashes("b", forever)
		longest := time.Duration(0)
		for minute := range 10 {
			before := crashesOf("b")
			for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(time.Millisecond) {
				begin := time.Now()
				_, err := b.Stats()
				require.ErrorIs(t, err, api.ErrCrashed)
				longest = max(longest, time.Since(begin))
			}
			restarts := crashesOf("b") - before
			t.Logf("minute %d: %d restarts", minute, restarts)
			require.LessOrEqual(t, restarts, 100)
			require.GreaterOrEqual(t, restarts, 45)
		}
		t.Logf("an answer took %v at most", longest)
		require.LessOrEqual(t, longest, 1250*time.Millisecond)
		require.Equal(t, api.Closed, b.State())
		clearPlan()
		require.Equal(t, 3, statsOf(t, b).ConsecutiveFailures)
	})
}

// A crash between two attempts ends the call. Its error has the reason and wraps
// the last error. Budget and statistics are kept.
//
// Promise (Torture): When an owner crashes, its caller gets an error, and no count is lost. Restarts back off.
func TestACrashEndsARetryButNotItsBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clearPlan()
		r, err := start(t).Retry("r", api.RetryConfig{MaxAttempts: 2, InitialDelay: 1, Jitter: api.JitterNone, Budget: &api.RetryBudget{MinPerSecond: 0.2, Window: 10 * time.Second}})
		require.NoError(t, err)
		call := func() error { return r.Run(context.Background(), func(context.Context) error { return errBoom }) }
		require.ErrorIs(t, call(), api.ErrExhausted)
		poison("r")
		err = call()
		require.ErrorIs(t, err, api.ErrCrashed)
		require.ErrorIs(t, err, errBoom)
		require.ErrorIs(t, call(), api.ErrExhausted, "the budget has one more")
		require.ErrorContains(t, call(), "budget")
		stats, err := r.Stats()
		require.NoError(t, err)
		require.Equal(t, api.RetryStats{Name: "r", Calls: 4, Retries: 2, Exhausted: 2, Throttled: 1, Waited: 2}, stats)
	})
}

// An owner that crashes outside of a run of its check continues where it was. If
// it crashes for ever, the check does not stay HEALTHY.
//
// Promise (Torture): A check that crashes reads UNHEALTHY and emits an event for each restart. If a crash loses a run, the run is repeated, or the result reads stale.
func TestACrashOfACheckIsMadeUpForOrReadsStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clearPlan()
		s, runs := start(t), 0
		require.NoError(t, s.Health().Register("c", api.CheckConfig{Interval: 10 * time.Second, Timeout: 5 * time.Second}, api.Ping(func(context.Context) error {
			runs++
			time.Sleep(time.Second)
			return nil
		})))
		for n := range 30 { // a tick, a result or a question
			time.Sleep(time.Duration(n) * 700 * time.Millisecond)
			poison("c")
			time.Sleep(2 * time.Minute)
			synctest.Wait()
			require.Equal(t, n+1, crashesOf("c"))
			c := s.Health().Run(context.Background(), "c")
			require.Equal(t, api.Healthy, c.Status, fmt.Sprint(c))
			require.Equal(t, n+1, c.Restarts)
		}
		require.Greater(t, runs, 3*30, "each time it went on")

		planCrashes("c", forever)
		time.Sleep(30 * time.Second)
		synctest.Wait()
		c := s.Health().Snapshot().Checks[0]
		require.Equal(t, api.Unknown, c.Status)
		require.Contains(t, c.Message, "stale since")
		clearPlan()
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		require.Equal(t, api.Healthy, s.Health().Status())
	})
}

// Promise (Torture): The log names the owner that crashed, once a crash, with its stack.
func TestACrashIsLoggedByKindAndName(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clearPlan()
		var log bytes.Buffer
		s, err := api.Start(api.SystemConfig{Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError}))})
		require.NoError(t, err)
		b, err := s.Breaker("b", api.BreakerConfig{})
		require.NoError(t, err)
		r, err := s.Retry("r", api.RetryConfig{MaxAttempts: 1})
		require.NoError(t, err)
		require.NoError(t, s.Health().Register("c", api.CheckConfig{}, api.Ping(func(context.Context) error { return nil })))
		require.NoError(t, b.Reset()) // from now on it has an owner
		synctest.Wait()
		for _, name := range []string{"b", "r", "c"} {
			poison(name)
		}
		_, err = b.Stats()
		require.ErrorContains(t, err, "Circuit breaker 'b'")
		require.ErrorIs(t, r.Run(context.Background(), func(context.Context) error { return errBoom }), api.ErrCrashed)
		require.Contains(t, s.Health().Run(context.Background(), "c").Message, "Health check 'c'")
		require.NoError(t, s.Shutdown(context.Background())) // it waits for the log
		for _, what := range []string{"Circuit breaker 'b'", "Retry 'r'", "Health check 'c'"} {
			require.Equal(t, 1, strings.Count(log.String(), what+" crashed and is restarted"), log.String())
		}
		require.Equal(t, 3, strings.Count(log.String(), "(*ownerState).Receive"), "each has its stack")
	})
}
