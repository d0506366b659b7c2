package tests

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Circuit breaker): A call whose ctx was cancelled by the time it ended is ignored, whatever its error; an error joined with context.Canceled is a failure while the caller is there.
func TestTheCtxSaysWhoEndedTheCall(t *testing.T) {
	errLeft := errors.New("another member of the group failed")
	for _, row := range []struct {
		what  string
		cfg   api.BreakerConfig
		leave bool // the caller cancels its ctx, with a cause, while the call runs
		err   error
		want  api.BreakerStats
	}{
		{"the cause of the cancellation", api.BreakerConfig{}, true, errLeft, api.BreakerStats{Ignored: 1}},
		{"any error of a caller that has left", api.BreakerConfig{}, true, errBoom, api.BreakerStats{Ignored: 1}},
		{"Classify is not asked about it", api.BreakerConfig{Classify: func(error) api.Outcome { return api.Failure }}, true, errBoom, api.BreakerStats{Ignored: 1}},
		{"an expected error of a caller that has left", api.BreakerConfig{Expected: []error{errBoom}}, true, errBoom, api.BreakerStats{Ignored: 1}},
		{"a success of a caller that has left", api.BreakerConfig{}, true, nil, api.BreakerStats{Successes: 1}},
		{"Canceled joined with an error", api.BreakerConfig{}, false, errors.Join(errBoom, context.Canceled), api.BreakerStats{Failures: 1, ConsecutiveFailures: 1}},
		{"Canceled twice", api.BreakerConfig{}, false, errors.Join(context.Canceled, fmt.Errorf("get: %w", context.Canceled)), api.BreakerStats{Ignored: 1}},
		{"Expected before Excluded", api.BreakerConfig{Expected: []error{errBoom}, Excluded: []error{errBoom}}, false, errBoom, api.BreakerStats{Successes: 1}},
		{"a wrapped expected error", api.BreakerConfig{Expected: []error{errBoom}}, false, fmt.Errorf("get: %w", errBoom), api.BreakerStats{Successes: 1}},
		{"Ignore", api.BreakerConfig{Expected: []error{errBoom}}, false, api.Ignore(errBoom), api.BreakerStats{Ignored: 1}},
		{"Classify is not asked about Ignore", api.BreakerConfig{Classify: func(error) api.Outcome { return api.Failure }}, false, api.Ignore(errBoom), api.BreakerStats{Ignored: 1}},
		{"Ignore joined with an error", api.BreakerConfig{}, false, errors.Join(api.Ignore(errBoom), errBoom), api.BreakerStats{Failures: 1, ConsecutiveFailures: 1}},
		{"a refusal of a policy inside", api.BreakerConfig{}, false, fmt.Errorf("inner: %w", api.ErrCircuitOpen), api.BreakerStats{Ignored: 1}},
	} {
		t.Run(row.what, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				b := breaker(t, s, row.cfg)
				ctx, cancel := context.WithCancelCause(context.Background())
				defer cancel(nil)
				require.Equal(t, row.err, b.Run(ctx, func(context.Context) error {
					if row.leave {
						cancel(errLeft)
					}
					return row.err
				}))
				row.want.Name = "api"
				require.Equal(t, row.want, stats(t, b))
			})
		})
	}
}

// Promise (Circuit breaker): Expected errors are successes: they close a half-open circuit and end a streak.
func TestAnExpectedErrorIsAnAnswer(t *testing.T) {
	errNoRows := errors.New("no rows")
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 3, Expected: []error{errNoRows}})
		missing := func(context.Context) error { return errNoRows }
		for range 9 {
			play(t, b, "ff")
			require.Equal(t, errNoRows, b.Run(context.Background(), missing))
		}
		play(t, b, "CLOSED fff OPEN 60s HALF_OPEN")
		for range 3 {
			require.Equal(t, errNoRows, b.Run(context.Background(), missing))
		}
		play(t, b, "CLOSED")
	})
}

// Promise (Circuit breaker): A call inside a running trial of the same breaker runs on that trial, and is not counted anew.
func TestACallInsideATrialRunsOnIt(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, HalfOpenMaxCalls: 1})
		play(t, b, "f 60s")
		var kept context.Context
		require.NoError(t, b.Run(context.Background(), func(ctx context.Context) error {
			kept = ctx
			require.ErrorIs(t, b.Run(context.Background(), succeed), api.ErrCircuitOpen, "not a call of this trial")
			p, err := b.Acquire(ctx)
			require.NoError(t, err)
			p.Done(errBoom) // counts for nothing
			require.Equal(t, errBoom, b.Run(ctx, fail))
			require.Equal(t, 1, stats(t, b).Trials)
			return b.Run(ctx, func(ctx context.Context) error { return b.Run(ctx, succeed) })
		}))
		play(t, b, "CLOSED")
		st := stats(t, b)
		require.Equal(t, [3]uint64{1, 1, 1}, [3]uint64{st.Successes, st.Failures, st.Rejected})

		require.Equal(t, errBoom, b.Run(kept, fail), "after the HALF_OPEN it is a call like any other")
		play(t, b, "OPEN")
		require.ErrorIs(t, b.Run(kept, succeed), api.ErrCircuitOpen)
		time.Sleep(time.Minute)
		p := acquire(t, b)
		require.ErrorIs(t, b.Run(kept, succeed), api.ErrCircuitOpen, "another HALF_OPEN")
		p.Cancel()
	})
}

// noError is a ctx whose Done is closed, and whose Err is nil.
type noError struct{ context.Context }

func (noError) Err() error { return nil }

// Promise (Circuit breaker): A caller that leaves before it is admitted is not counted.
func TestACallerThatLeavesIsNotCounted(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, HalfOpenMaxCalls: 1})
		play(t, b, "f 60s")
		p := acquire(t, b)
		before := stats(t, b)
		done, cancel := context.WithCancel(context.Background())
		cancel()
		require.Equal(t, context.Canceled, b.Run(done, succeed))
		_, err := b.Acquire(done)
		require.Equal(t, context.Canceled, err)
		require.Equal(t, before, stats(t, b))
		require.Error(t, b.Run(noError{done}, succeed), "all trials are taken")
		p.Done(nil)
		play(t, b, "CLOSED")
	})
}

// Promise (Circuit breaker): Stats of breakers that were never asked are read without asking anybody, and without an allocation.
func TestStatsOfBreakersNeverAskedAskNobody(t *testing.T) {
	s := start(t, api.SystemConfig{})
	for i, cfg := range []api.BreakerConfig{{}, {SlowCall: time.Minute}, {FailureRate: 1}, {FailureRate: 1, Window: api.TimeWindow(time.Hour)}} {
		b, err := s.Breaker(fmt.Sprint("b", i), cfg)
		require.NoError(t, err)
		want := api.BreakerStats{Name: b.Name()}
		require.Zero(t, testing.AllocsPerRun(100, func() {
			if got, err := b.Stats(); err != nil || got != want {
				t.Error(got, err)
			}
		}))
	}
	b := breaker(t, s, api.BreakerConfig{})
	for range 10_000 {
		require.NoError(t, b.Run(context.Background(), succeed))
	}
	require.Equal(t, api.BreakerStats{Name: "api", Successes: 10_000}, stats(t, b))
	require.Error(t, b.Run(context.Background(), fail))
	require.EqualValues(t, 10_000, stats(t, b).Successes)
	require.EqualValues(t, 1, stats(t, b).Failures)
}

// Promise (Circuit breaker): Stats of breakers that were never asked are read without asking anybody, and without an allocation.
func TestStatsAfterShutdownOfABreakerNeverAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, api.SystemConfig{})
		b := breaker(t, s, api.BreakerConfig{})
		play(t, b, "ss")
		require.NoError(t, s.Shutdown(context.Background()))
		_, err := b.Stats()
		require.ErrorIs(t, err, api.ErrShutdown)
	})
}
