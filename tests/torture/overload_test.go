package torture

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// crowd is far more callers than an owner can answer.
const crowd = 2000

// liveHeap returns the bytes that a garbage collection leaves.
func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// requireHeld requires that little more memory is held than before.
func requireHeld(t *testing.T, before uint64) {
	t.Helper()
	const little = 2 << 20
	require.Less(t, liveHeap(), before+little, "before it were %d bytes", before)
}

// rush starts callers goroutines at once, each of which calls do each times.
func rush(callers, each int, do func()) {
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range each {
				do()
			}
		})
	}
	all.Wait()
}

// Many more calls than the owner can handle fail at once. Each caller waits for
// its answer, so the mailbox holds at most one message per caller. Another
// breaker answers meanwhile.
//
// Promise (Torture): Under overload an owner holds at most one message per caller, refuses with typed errors, counts exactly, and holds nothing after.
func TestAStormOfFailuresIsAnsweredAndCountedAndBoundedByItsCallers(t *testing.T) {
	const each = 20
	s := start(t)
	sick, err := s.Breaker("sick", api.BreakerConfig{FailureThreshold: api.Off})
	require.NoError(t, err)
	other, err := s.Breaker("other", api.BreakerConfig{})
	require.NoError(t, err)
	before := liveHeap()
	var waiting, peak atomic.Int64 // calls that have failed and are not answered yet
	stormy := make(chan struct{})
	go func() { // ends with the storm
		defer close(stormy)
		rush(crowd, each, func() {
			_ = sick.Run(context.Background(), func(context.Context) error {
				n := waiting.Add(1)
				for seen := peak.Load(); n > seen && !peak.CompareAndSwap(seen, n); seen = peak.Load() {
				}
				return errBoom
			})
			waiting.Add(-1)
		})
	}()
	for range 100 { // the other breaker answers in the storm
		require.ErrorIs(t, other.Run(context.Background(), func(context.Context) error { return errBoom }), errBoom)
		require.NoError(t, other.Reset())
	}
	require.LessOrEqual(t, runtime.NumGoroutine(), crowd+50, "only callers wait")
	<-stormy
	stats, err := sick.Stats()
	require.NoError(t, err)
	require.EqualValues(t, crowd*each, stats.Failures)
	require.Equal(t, crowd*each, stats.ConsecutiveFailures)
	require.LessOrEqual(t, peak.Load(), int64(crowd))
	requireHeld(t, before)
	t.Logf("%d failures of %d callers, at most %d at once", crowd*each, crowd, peak.Load())
}

// Many callers call through a half-open circuit. As many trials run as allowed;
// all other callers get a typed refusal at once.
//
// Promise (Torture): Under overload an owner holds at most one message per caller, refuses with typed errors, counts exactly, and holds nothing after.
func TestACrowdBeforeAHalfOpenCircuitIsRefused(t *testing.T) {
	const trials, each = 3, 20
	s := start(t)
	b, err := s.Breaker("b", api.BreakerConfig{FailureThreshold: 1, ResetTimeout: 1, TrialTimeout: time.Hour, HalfOpenMaxCalls: trials})
	require.NoError(t, err)
	require.ErrorIs(t, b.Run(context.Background(), func(context.Context) error { return errBoom }), errBoom)
	before := liveHeap()
	var held []*api.Permit
	for range trials {
		p, err := b.Acquire(context.Background())
		require.NoError(t, err)
		held = append(held, p)
	}
	var refused, others atomic.Int64
	rush(crowd, each, func() {
		refusal, ok := errors.AsType[*api.CircuitOpenError](b.Run(context.Background(), func(context.Context) error { return nil }))
		if ok && refusal.State == api.HalfOpen && refusal.Name == "b" {
			refused.Add(1)
		} else {
			others.Add(1)
		}
	})
	require.Zero(t, others.Load())
	stats, err := b.Stats()
	require.NoError(t, err)
	require.EqualValues(t, crowd*each, stats.Rejected)
	require.Equal(t, trials, stats.Trials)
	for _, p := range held {
		p.Done(nil)
	}
	require.Equal(t, api.Closed, b.State())
	requireHeld(t, before)
}

// Many callers whose attempts all fail ask one retry owner. Every call ends with
// a RetryError that has the reason, and the statistics add up.
//
// Promise (Torture): Under overload an owner holds at most one message per caller, refuses with typed errors, counts exactly, and holds nothing after.
func TestACrowdOfRetriesIsAnsweredAndCounted(t *testing.T) {
	const each = 5
	s := start(t)
	r, err := s.Retry("r", api.RetryConfig{MaxAttempts: 3, InitialDelay: 1, Budget: &api.RetryBudget{Ratio: 0.2}})
	require.NoError(t, err)
	before := liveHeap()
	var exhausted, throttled, untyped atomic.Uint64
	rush(crowd, each, func() {
		gaveUp, ok := errors.AsType[*api.RetryError](r.Run(context.Background(), func(context.Context) error { return errBoom }))
		switch {
		case ok && gaveUp.Reason == "attempts":
			exhausted.Add(1)
		case ok && gaveUp.Reason == "budget":
			throttled.Add(1)
		default:
			untyped.Add(1)
		}
	})
	stats, err := r.Stats()
	require.NoError(t, err)
	require.Zero(t, untyped.Load())
	require.EqualValues(t, crowd*each, stats.Calls)
	require.Equal(t, exhausted.Load(), stats.Exhausted)
	require.Equal(t, throttled.Load(), stats.Throttled)
	require.LessOrEqual(t, stats.Retries, uint64(crowd*each/5), "the budget")
	requireHeld(t, before)
}

// Many callers that run one check share its runs.
//
// Promise (Torture): Under overload an owner holds at most one message per caller, refuses with typed errors, counts exactly, and holds nothing after.
func TestACrowdAskingForACheckSharesItsRuns(t *testing.T) {
	s := start(t)
	var runs, atOnce, peak atomic.Int64
	gate := make(chan struct{})
	require.NoError(t, s.Health().Register("c", api.CheckConfig{Interval: api.OnDemand}, api.Ping(func(context.Context) error {
		runs.Add(1)
		peak.Store(max(peak.Load(), atOnce.Add(1)))
		<-gate
		atOnce.Add(-1)
		return nil
	})))
	before := liveHeap()
	close(gate)
	var unwell atomic.Int64
	rush(crowd, 5, func() {
		if s.Health().Run(context.Background(), "c").Status != api.Healthy {
			unwell.Add(1)
		}
	})
	require.Zero(t, unwell.Load())
	require.EqualValues(t, 1, peak.Load(), "runs at once")
	require.LessOrEqual(t, runs.Load(), int64(5*crowd+1))
	requireHeld(t, before)
	t.Logf("%d questions, %d runs", 5*crowd, runs.Load())
}

// Callers that stop waiting for a check that hangs leave no memory behind,
// however many they are.
//
// Promise (Torture): Under overload an owner holds at most one message per caller, refuses with typed errors, counts exactly, and holds nothing after.
func TestCallersThatLeaveACheckAreNotHeld(t *testing.T) {
	const callers, each = 100, 300
	synctest.Test(t, func(t *testing.T) {
		s := start(t)
		require.NoError(t, s.Health().Register("c", api.CheckConfig{Timeout: 1000 * time.Hour}, api.Ping(func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})))
		synctest.Wait()
		before := liveHeap()
		rush(callers, each, func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			defer cancel()
			if r := s.Health().Run(ctx, "c"); r.Status != api.Unknown {
				t.Errorf("%+v", r)
			}
		})
		requireHeld(t, before)
	})
}

// A subscriber that never returns holds the last events and no more, however
// many there are. The owners do not wait for it, and it gets the number of those
// it lost.
//
// Promise (Torture): Under overload an owner holds at most one message per caller, refuses with typed errors, counts exactly, and holds nothing after.
func TestAStormOfEventsIsBoundedBySubscriber(t *testing.T) {
	const fill, changes = 70_000, 110_000 // 65,536 may wait
	s := start(t)
	b, err := s.Breaker("b", api.BreakerConfig{})
	require.NoError(t, err)
	gate, count, all := make(chan struct{}), 0, make(chan struct{})
	release := sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	s.Subscribe(func(e api.Event) {
		<-gate
		switch e := e.(type) {
		case api.Dropped:
			count += e.Count
		case api.BreakerChanged:
			count++
		}
		if count == changes {
			close(all)
		}
	})
	change := func(times int) {
		for range times / 2 {
			require.NoError(t, b.ForceOpen())
			require.NoError(t, b.Reset())
		}
	}
	change(fill)
	before := liveHeap()
	change(changes - fill)
	requireHeld(t, before) // while all events wait
	release()
	<-all
}
