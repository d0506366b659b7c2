package tests

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Each test below is named after a defect that was measured in another breaker
// that is in use, and shows that this one does not have it.

// Promise (Defects of other libraries): A trial that hangs, panics, exits or is cancelled does not leave the breaker HALF_OPEN for ever.
func TestDefectAProbeThatEndsBadlyWedgesTheBreakerInHalfOpen(t *testing.T) {
	run := func(fn func(context.Context) error) func(t *testing.T, b *api.Breaker) {
		return func(t *testing.T, b *api.Breaker) {
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				defer func() { _ = recover() }()
				b.Run(context.Background(), fn)
			}()
			<-ended
		}
	}
	rows := []struct {
		name  string
		probe func(t *testing.T, b *api.Breaker)
	}{
		{"hangs", func(t *testing.T, b *api.Breaker) { go b.Run(context.Background(), deaf(t, 10*time.Hour)) }},
		{"is forgotten", func(t *testing.T, b *api.Breaker) { acquire(t, b) }},
		{"panics", run(func(context.Context) error { panic("kaboom") })},
		{"exits its goroutine", run(func(context.Context) error { runtime.Goexit(); return nil })},
		{"is cancelled", run(ignored)},
		{"is cancelled before it was admitted", func(t *testing.T, b *api.Breaker) {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			require.ErrorIs(t, b.Run(ctx, succeed), context.Canceled)
		}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
				play(t, b, "f 60s HALF_OPEN")
				for range 3 { // as many as there are trials
					row.probe(t, b)
				}
				time.Sleep(3 * time.Minute) // a trial's deadline and a reset timeout
				play(t, b, "HALF_OPEN sss CLOSED")
			})
		})
	}
}

// Promise (Defects of other libraries): A success that was admitted before the circuit opened does not close it.
func TestDefectASuccessAdmittedBeforeTheTripClosesTheBreaker(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, HalfOpenMaxCalls: 1})
		early := acquire(t, b)
		play(t, b, "f 60s HALF_OPEN")
		early.Done(nil)
		play(t, b, "HALF_OPEN f OPEN")
	})
}

// Promise (Defects of other libraries): Late results do not free places for more trials.
func TestDefectLateResultsMintExtraPermits(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		var early []*api.Permit
		for range 50 {
			early = append(early, acquire(t, b))
		}
		play(t, b, "f 60s")
		acquire(t, b)
		for i, p := range early {
			if i%2 == 0 {
				p.Cancel()
			} else {
				p.Done(nil)
			}
		}
		acquire(t, b)
		acquire(t, b)
		play(t, b, "HALF_OPEN x")
	})
}

// Promise (Defects of other libraries): The limit on trials holds.
func TestDefectTheHalfOpenLimitIsNotHeld(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f 60s")
		admitted := 0
		for range 100 {
			if _, err := b.Acquire(context.Background()); err == nil {
				admitted++
			}
		}
		require.Equal(t, 3, admitted)
	})
}

// Promise (Defects of other libraries): A subscriber that calls the breaker does not deadlock. One that panics does not end the process.
func TestDefectAListenerThatCallsTheBreakerDeadlocks(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, ResetTimeout: time.Second})
		heard := make(chan error, 3)
		cancel := s.Subscribe(func(api.Event) {
			_, err := b.Stats()
			heard <- errors.Join(err, b.Configure(b.Config()))
		})
		defer cancel()
		play(t, b, "f 1s sss CLOSED")
		for range 3 {
			require.NoError(t, <-heard)
		}
	})
}

// Promise (Defects of other libraries): A subscriber that calls the breaker does not deadlock. One that panics does not end the process.
func TestDefectAListenerThatPanicsKillsTheProcess(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		t.Cleanup(s.Subscribe(func(api.Event) { panic("kaboom") }))
		play(t, breaker(t, s, api.BreakerConfig{FailureThreshold: 1}), "f 60s sss CLOSED")
	})
}

// Promise (Defects of other libraries): Events come in order.
func TestDefectEventsComeInTheWrongOrder(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		tp := record(t, s)
		b := breaker(t, s, api.BreakerConfig{})
		for range 200 {
			require.NoError(t, b.ForceOpen())
			require.NoError(t, b.Reset())
		}
		for i, change := range changes(tp) {
			require.Equal(t, []string{"CLOSED>OPEN", "OPEN>CLOSED"}[i%2], change)
		}
		require.Len(t, changes(tp), 400)
	})
}

// Promise (Defects of other libraries): Calls that last longer than the window count.
func TestDefectCallsLongerThanTheWindowNeverCount(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{
			FailureThreshold: api.Off, FailureRate: 0.5, MinimumCalls: 10, Window: api.TimeWindow(time.Second),
		})
		blackHole := func(context.Context) error { time.Sleep(30 * time.Second); return context.DeadlineExceeded }
		for range 10 {
			go b.Run(context.Background(), blackHole)
		}
		play(t, b, "31s OPEN")
	})
}

// Promise (Defects of other libraries): A cancellation does not open the circuit. An error that no rule names is not a success.
func TestDefectCancellationTripsIt(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, FailureRate: 0.1, MinimumCalls: 1})
		play(t, b, "iiiiiiiiii CLOSED")
	})
}

// Promise (Defects of other libraries): A cancellation does not open the circuit. An error that no rule names is not a success.
func TestDefectAnUnhandledErrorCountsAsASuccess(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2, Excluded: []error{errCache}})
		play(t, b, "ff OPEN")
		require.Zero(t, stats(t, b).Successes)
	})
}

// Promise (Defects of other libraries): Calling Done three times counts one failure.
func TestDefectDoneThreeTimesCountsThreeFailures(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		p := acquire(t, b)
		for range 3 {
			p.Done(errBoom)
		}
		play(t, b, "CLOSED")
		require.EqualValues(t, 1, stats(t, b).Failures)
	})
}
