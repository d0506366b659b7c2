package tests

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (System, events, logs and errors): Shutdown is idempotent. After it, calls return ErrShutdown and nothing runs; fallbacks still answer.
func TestShutdownIsIdempotent(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() { assert.NoError(t, s.Shutdown(context.Background())) })
		}
		wg.Wait()
		require.NoError(t, s.Shutdown(context.Background()))
	})
}

// Promise (System, events, logs and errors): Shutdown is idempotent. After it, calls return ErrShutdown and nothing runs; fallbacks still answer.
func TestAfterShutdownNothingRuns(t *testing.T) {
	never := func(context.Context) error { t.Error("it ran"); return nil }
	for _, used := range []bool{false, true} {
		bubble(t, func(t *testing.T, s *api.System) {
			b := breaker(t, s, api.BreakerConfig{})
			r := retry(t, s, api.RetryConfig{})
			if used {
				play(t, b, "fs")
				require.NoError(t, api.Run(context.Background(), r, failures(1).fn))
			}
			require.NoError(t, s.Shutdown(context.Background()))

			require.ErrorIs(t, b.Run(context.Background(), never), api.ErrShutdown)
			require.ErrorIs(t, api.Run(context.Background(), b, never), api.ErrShutdown)
			require.ErrorIs(t, api.Run(context.Background(), api.Compose(api.Timeout(time.Second), r, b), never), api.ErrShutdown)
			_, err := b.Acquire(context.Background())
			require.ErrorIs(t, err, api.ErrShutdown)
			require.ErrorIs(t, b.Reset(), api.ErrShutdown)
			require.ErrorIs(t, b.ForceOpen(), api.ErrShutdown)
			require.ErrorIs(t, b.Disable(), api.ErrShutdown)
			require.ErrorIs(t, s.Health().Register("db", api.CheckConfig{}, api.Ping(never)), api.ErrShutdown)
			b.State()
			b.TimeUntilReset()
		})
	}
}

// Promise (System, events, logs and errors): Shutdown is idempotent. After it, calls return ErrShutdown and nothing runs; fallbacks still answer.
func TestAFallbackStillAnswersAfterShutdown(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		require.NoError(t, s.Shutdown(context.Background()))
		v, err := api.Do(context.Background(), b, live, api.Value("offline"))
		require.NoError(t, err)
		require.Equal(t, "offline", v)
	})
}

// Promise (System, events, logs and errors): Shutdown lets running calls return their own results, and ends the waits of retries.
func TestACallThatRunsDuringShutdownReturnsItsOwnResult(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		play(t, b, "f")
		var results [2]error
		var wg sync.WaitGroup
		wg.Go(func() { results[0] = b.Run(context.Background(), deaf(t, time.Minute)) })
		wg.Go(func() {
			results[1] = b.Run(context.Background(), func(context.Context) error { time.Sleep(time.Minute); return errBoom })
		})
		synctest.Wait()
		require.NoError(t, s.Shutdown(context.Background()))
		wg.Wait()
		require.Equal(t, [2]error{nil, errBoom}, results)
	})
}

// Promise (System, events, logs and errors): Shutdown lets running calls return their own results, and ends the waits of retries.
func TestShutdownWithTrialsAndTimersUnderWay(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f 60s HALF_OPEN")
		p := acquire(t, b)
		c, err := s.Breaker("open", api.BreakerConfig{FailureThreshold: 1})
		require.NoError(t, err)
		play(t, c, "f OPEN")
		require.NoError(t, s.Shutdown(context.Background()))
		p.Done(nil) // too late, and harmless
		play(t, b, "10m")
	})
}

// Promise (System, events, logs and errors): Shutdown lets running calls return their own results, and ends the waits of retries.
func TestShutdownReleasesManyRetrySleepers(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{InitialDelay: time.Hour, MaxDelay: time.Hour})
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { assert.ErrorIs(t, api.Run(context.Background(), r, fail), api.ErrShutdown) })
		}
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, s.Shutdown(context.Background()))
		wg.Wait()
		require.Zero(t, time.Since(begin))
	})
}

// Promise (System, events, logs and errors): Shutdown cancels running checks, and its error names those that do not return.
func TestShutdownCancelsRunningChecks(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		require.NoError(t, s.Health().Register("db", api.CheckConfig{}, api.Ping(polite)))
		synctest.Wait()
		begin := time.Now()
		require.NoError(t, s.Shutdown(context.Background()))
		require.Zero(t, time.Since(begin))
	})
}

// Promise (System, events, logs and errors): Shutdown cancels running checks, and its error names those that do not return.
func TestShutdownNamesTheChecksThatAreStuck(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		release := make(chan struct{})
		free := sync.OnceFunc(func() { close(release) })
		defer free()
		stuck := func(context.Context) error { <-release; return nil }
		require.NoError(t, s.Health().Register("black hole", api.CheckConfig{}, api.Ping(stuck)))
		require.NoError(t, s.Health().Register("fine", api.CheckConfig{}, api.Ping(succeed)))
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		begin := time.Now()
		err := s.Shutdown(ctx)
		require.Equal(t, 5*time.Second, time.Since(begin))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "black hole")
		require.NotContains(t, err.Error(), "fine")

		free()
		require.NoError(t, s.Shutdown(context.Background()), "nil once everything has stopped")
	})
}

// Promise (System, events, logs and errors): Shutdown lets running calls return their own results, and ends the waits of retries.
func TestShutdownUnderTraffic(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		p := api.Compose(api.Timeout(time.Second), retry(t, s, api.RetryConfig{}), breaker(t, s, api.BreakerConfig{FailureThreshold: 50}))
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				for range 50 {
					api.Run(context.Background(), p, func(context.Context) error {
						time.Sleep(time.Duration(i) * time.Millisecond)
						if i%2 == 0 {
							return errBoom
						}
						return nil
					})
				}
			})
		}
		time.Sleep(100 * time.Millisecond)
		require.NoError(t, s.Shutdown(context.Background()))
		wg.Wait()
	})
}

// Promise (System, events, logs and errors): After Shutdown, health reads as it was, earlier events have been delivered, and Subscribe is harmless.
func TestHealthStillReadsAfterShutdown(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var c sick
		h := register(t, s, "db", api.CheckConfig{}, c.check)
		synctest.Wait()
		require.NoError(t, s.Shutdown(context.Background()))
		require.Zero(t, took(func() {
			h.Snapshot()
			h.RunAll(context.Background())
			h.Run(context.Background(), "db")
			visit(h.Handler(), http.MethodGet, "/health")
		}))
		time.Sleep(time.Hour)
		require.EqualValues(t, 1, c.runs.Load(), "nothing runs any more")
	})
}

// Promise (System, events, logs and errors): After Shutdown, health reads as it was, earlier events have been delivered, and Subscribe is harmless.
func TestSubscribingAfterShutdownIsHarmless(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		require.NoError(t, s.Shutdown(context.Background()))
		cancel := s.Subscribe(func(api.Event) { t.Error("it was called") })
		cancel()
	})
}

// Promise (System, events, logs and errors): After Shutdown, health reads as it was, earlier events have been delivered, and Subscribe is harmless.
func TestEventsBeforeShutdownAreDelivered(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		tp := record(t, s)
		play(t, breaker(t, s, api.BreakerConfig{FailureThreshold: 1}), "f")
		require.NoError(t, s.Shutdown(context.Background()))
		require.Equal(t, []string{"CLOSED>OPEN"}, changes(tp))
	})
}

// Promise (System, events, logs and errors): Shutdown delivers the events that wait. If its ctx ends first, its error says how many wait for slow subscribers or a slow log.
func TestShutdownSaysWhatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := api.Start(api.SystemConfig{Logger: slog.New(hostile{slog.DiscardHandler, func() { time.Sleep(100 * time.Millisecond) }})})
		require.NoError(t, err)
		seen := 0
		s.Subscribe(func(api.Event) { time.Sleep(time.Second); seen++ })
		b := breaker(t, s, api.BreakerConfig{})
		for range 50 {
			require.NoError(t, b.ForceOpen())
			require.NoError(t, b.Reset())
		}
		ctx, cancel := context.WithTimeout(context.Background(), 9*time.Second+time.Second/2)
		defer cancel()
		err = s.Shutdown(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorContains(t, err, "shutdown has not finished: 90 events wait for subscribers")
		require.NoError(t, s.Shutdown(context.Background()), "it goes on")
		require.Equal(t, 100, seen)
	})
}
