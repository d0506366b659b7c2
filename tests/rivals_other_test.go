package tests

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Each test below is named after a defect that was measured in timeouts, retries
// or health checks that are in use, and shows that these do not have it.

// Promise (Defects of other libraries): A timeout returns at its limit, not when the function does.
func TestDefectATimeoutReturnsWhenTheFunctionDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		require.Equal(t, 20*time.Millisecond, took(func() {
			requireTimeout(t, api.Run(context.Background(), api.Timeout(20*time.Millisecond), deaf(t, 300*time.Millisecond)))
		}))
	})
}

// Promise (Defects of other libraries): A retry checks its budget before it waits, keeps the original error, and limits RetryAfter.
func TestDefectARetrySleepsFirstAndFindsTheBudgetEmptyAfter(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{InitialDelay: time.Minute, Budget: &api.RetryBudget{}})
		require.Zero(t, took(func() { requireRetryError(t, api.Run(context.Background(), r, fail), "budget", 1) }))
	})
}

// Promise (Defects of other libraries): A retry checks its budget before it waits, keeps the original error, and limits RetryAfter.
func TestDefectARetryLosesTheOriginalError(t *testing.T) {
	type status struct{ error }
	bubble(t, func(t *testing.T, s *api.System) {
		err := api.Run(context.Background(), retry(t, s, api.RetryConfig{}), func(context.Context) error { return status{errBoom} })
		var original status
		require.ErrorAs(t, err, &original)
	})
}

// Promise (Defects of other libraries): A retry takes the context of each call. The error of the context does not hide that of the function.
func TestDefectTheContextsErrorHidesTheOperations(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{MaxAttempts: 100})
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err := api.Run(ctx, r, fail)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errBoom)

		ctx, cancel = context.WithCancel(context.Background())
		time.AfterFunc(10*time.Second, cancel)
		err = api.Run(ctx, r, fail)
		require.ErrorIs(t, err, context.Canceled)
		require.ErrorIs(t, err, errBoom)
	})
}

// Promise (Defects of other libraries): A retry takes the context of each call. The error of the context does not hide that of the function.
func TestDefectTheContextIsFixedWhenTheRetrierIsBuilt(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{})
		gone, cancel := context.WithCancel(context.Background())
		cancel()
		require.ErrorIs(t, api.Run(gone, r, succeed), context.Canceled)
		require.NoError(t, api.Run(context.Background(), r, failures(1).fn), "each call brings its own")
	})
}

// Promise (Defects of other libraries): A retry checks its budget before it waits, keeps the original error, and limits RetryAfter.
func TestDefectRetryAfterHasNoCap(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{MaxDelay: 30 * time.Second})
		a := failures(1)
		date := time.Now().Add(365 * 24 * time.Hour) // a Retry-After may be a date
		a.err = api.RetryAfter(errBoom, time.Until(date))
		require.NoError(t, api.Run(context.Background(), r, a.fn))
		require.Equal(t, []time.Duration{0, 30 * time.Second}, a.at)
	})
}

// Promise (Defects of other libraries): A check that hangs does not stay healthy.
func TestDefectAHungCheckStaysUpForEver(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var hang atomic.Bool
		release := make(chan struct{})
		defer close(release)
		register(t, s, "db", api.CheckConfig{Timeout: time.Second}, func(context.Context) (api.Details, error) {
			if hang.Load() {
				<-release
			}
			return nil, nil
		})
		require.Equal(t, api.Healthy, last(t, s, "db").Status)
		hang.Store(true)
		time.Sleep(13 * time.Second) // at most an interval and a timeout
		require.Equal(t, api.Unhealthy, last(t, s, "db").Status)
	})
}

// Promise (Defects of other libraries): A caller that cancels does not make a healthy dependency unhealthy.
func TestDefectOneCallerHangingUpMarksAHealthyDependencyDown(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := register(t, s, "db", onDemand, func(ctx context.Context) (api.Details, error) {
			select {
			case <-ctx.Done():
				return nil, ctx.Err()
			case <-time.After(100 * time.Millisecond):
				return nil, nil
			}
		})
		time.Sleep(time.Second)
		ctx, hangUp := context.WithTimeout(context.Background(), 10*time.Millisecond)
		defer hangUp()
		go h.RunAll(ctx)
		require.Equal(t, api.Healthy, h.RunAll(context.Background()).Status)
		require.Equal(t, api.Healthy, h.Snapshot().Status)
	})
}

// Promise (Defects of other libraries): No lock is held while checks run.
func TestDefectALockIsHeldWhileChecksRun(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			register(t, s, name, onDemand, api.Ping(deaf(t, 300*time.Millisecond)))
		}
		time.Sleep(time.Minute)
		done := make(chan time.Duration)
		go func() { done <- took(func() { s.Health().RunAll(context.Background()) }) }()
		time.Sleep(time.Millisecond)
		require.Zero(t, took(func() {
			s.Health().Snapshot()
			visit(s.Health().Handler(), http.MethodGet, "/health")
			register(t, s, "i", onDemand, api.Ping(succeed))
			require.NoError(t, s.Health().Deregister("i"))
		}))
		require.Equal(t, 300*time.Millisecond, <-done, "8 probes of 300 ms")
	})
}

// Promise (Defects of other libraries): Timeouts leave no goroutines behind. A panic in a check does not end the process.
func TestDefectGoroutinesLeakAfterTimeouts(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := register(t, s, "polite", api.CheckConfig{Timeout: time.Second, Interval: api.OnDemand}, api.Ping(polite))
		release := make(chan struct{})
		defer close(release)
		register(t, s, "stuck", api.CheckConfig{Timeout: time.Second}, api.Ping(func(context.Context) error { <-release; return nil }))
		time.Sleep(time.Minute)
		synctest.Wait()
		before := runtime.NumGoroutine()
		for range 100 {
			require.Equal(t, api.Unhealthy, h.RunAll(context.Background()).Status)
		}
		synctest.Wait()
		require.InDelta(t, before, runtime.NumGoroutine(), 3)
	})
}

// Promise (Defects of other libraries): Timeouts leave no goroutines behind. A panic in a check does not end the process.
func TestDefectAPanicInACheckKillsTheProcess(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "db", api.CheckConfig{}, func(context.Context) (api.Details, error) { panic(errors.New("kaboom")) })
		register(t, s, "cache", api.CheckConfig{}, api.Ping(succeed))
		time.Sleep(time.Hour)
		require.Equal(t, api.Unhealthy, last(t, s, "db").Status)
		require.Equal(t, api.Healthy, last(t, s, "cache").Status)
	})
}

// Promise (Defects of other libraries): Reading a status does not run checks.
func TestDefectReadingStatusesRunsTheChecksAgain(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var c sick
		h := register(t, s, "db", onDemand, c.check)
		synctest.Wait()
		for range 100 {
			h.Snapshot()
			h.Snapshot("ready")
			visit(h.Handler(), http.MethodGet, "/readyz")
		}
		require.EqualValues(t, 1, c.runs.Load())
	})
}

// Promise (Defects of other libraries): An open Watch does not block the shutdown.
func TestDefectAnOpenWatchBlocksTheShutdown(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		s.Subscribe(func(api.Event) {}) // never cancelled
		register(t, s, "db", api.CheckConfig{}, api.Ping(polite))
		go s.Health().RunAll(context.Background())
		synctest.Wait()
		require.Zero(t, took(func() { require.NoError(t, s.Shutdown(context.Background())) }))
	})
}
