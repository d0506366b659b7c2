package tests

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (System, events, logs and errors): Every change of a breaker is one event, in order.
func TestBreakerEventsTellEachChangeInOrder(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		tp := record(t, s)
		begin := time.Now()
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		play(t, b, "1s ff 60s f 60s sss")
		require.Equal(t, []string{
			"CLOSED>OPEN", "OPEN>HALF_OPEN", "HALF_OPEN>OPEN", "OPEN>HALF_OPEN", "HALF_OPEN>CLOSED",
		}, changes(tp))
		first := only[api.BreakerChanged](tp)[0]
		require.Equal(t, "api", first.Name)
		require.Equal(t, 2, first.Failures)
		require.NotEmpty(t, first.Reason)
		require.Equal(t, time.Second, first.At.Sub(begin))
	})
}

// Promise (System, events, logs and errors): Every change of a breaker is one event, in order.
func TestEventsOfManyBreakersFormLegalChains(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		tp := record(t, s)
		var wg sync.WaitGroup
		for _, name := range []string{"a", "b", "c", "d"} {
			b, err := s.Breaker(name, api.BreakerConfig{FailureThreshold: 1, HalfOpenMaxCalls: 1, ResetTimeout: time.Second})
			require.NoError(t, err)
			for range 4 {
				wg.Go(func() {
					for range 20 {
						b.Run(context.Background(), fail)
						time.Sleep(time.Second)
						b.Run(context.Background(), succeed)
					}
				})
			}
		}
		wg.Wait()
		last := map[string]api.State{}
		for _, e := range only[api.BreakerChanged](tp) {
			require.Equal(t, last[e.Name], e.From, "each change begins where the last one ended")
			require.NotEqual(t, e.From, e.To)
			last[e.Name] = e.To
		}
		require.Len(t, last, 4)
	})
}

// Promise (System, events, logs and errors): Retries, timeouts and fallbacks emit events.
func TestRetryTimeoutAndFallbackTellEvents(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		tp := record(t, s)
		r := retry(t, s, api.RetryConfig{MaxAttempts: 2})
		require.Error(t, api.Run(context.Background(), r, fail))
		retrying := only[api.Retrying](tp)
		require.Len(t, retrying, 1)
		require.Equal(t, "api", retrying[0].Name)
		require.Equal(t, 1, retrying[0].Attempt)
		require.Equal(t, 2, retrying[0].MaxAttempts)
		require.Equal(t, time.Second, retrying[0].Delay)
		require.Equal(t, errBoom, retrying[0].Err)
		exhausted := only[api.RetryExhausted](tp)
		require.Len(t, exhausted, 1)
		require.Equal(t, 2, exhausted[0].Attempts)
		require.Equal(t, "attempts", exhausted[0].Reason)

		p := api.Compose(api.TimeoutConfig{Limit: time.Second, Operation: "x"}, r)
		require.NoError(t, api.Run(context.Background(), p, polite, fail, succeed))
		timedOut := only[api.TimedOut](tp)
		require.Len(t, timedOut, 1)
		require.Equal(t, "x", timedOut[0].Operation)
		require.Equal(t, time.Second, timedOut[0].Limit)
		used := only[api.FallbackUsed](tp)
		require.Len(t, used, 1)
		require.Equal(t, 2, used[0].Index)
		require.ErrorIs(t, used[0].Cause, api.ErrTimeout)
	})
}

// Promise (System, events, logs and errors): A subscriber may call anything, panic or cancel itself. After it has cancelled, it gets no event.
func TestASubscriberMayCallAnything(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		var seen []error
		cancel := s.Subscribe(func(api.Event) {
			if len(seen) > 0 {
				return
			}
			_, err := b.Stats()
			seen = append(seen, b.Run(context.Background(), succeed), err, b.Reset(), b.Run(context.Background(), fail))
		})
		play(t, b, "f")
		synctest.Wait()
		cancel()
		require.Len(t, seen, 4)
		require.ErrorIs(t, seen[0], api.ErrCircuitOpen)
		require.NoError(t, errors.Join(seen[1:3]...))
		require.ErrorIs(t, seen[3], errBoom)
	})
}

// Promise (System, events, logs and errors): A subscriber may call anything, panic or cancel itself. After it has cancelled, it gets no event.
func TestASubscriberMayPanic(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		calls := 0
		cancel := s.Subscribe(func(api.Event) { calls++; panic("listener kaboom") })
		tp := record(t, s)
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f 60s sss CLOSED")
		require.Len(t, changes(tp), 3, "others still hear")
		cancel()
		require.Equal(t, 3, calls, "and so does it")
		require.Contains(t, log.sentences(t)[0]+log.sentences(t)[1], "panicked")
	})
}

// Promise (System, events, logs and errors): A subscriber may call anything, panic or cancel itself. After it has cancelled, it gets no event.
func TestAfterCancelASubscriberHearsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		calls := 0
		cancel := s.Subscribe(func(api.Event) { calls++ })
		b := breaker(t, s, api.BreakerConfig{})
		require.NoError(t, b.ForceOpen())
		synctest.Wait()
		cancel()
		require.Equal(t, 1, calls)
		require.NoError(t, b.Reset())
		synctest.Wait()
		require.Equal(t, 1, calls)
		cancel() // again: nothing
	})
}

// Promise (System, events, logs and errors): A subscriber may call anything, panic or cancel itself. After it has cancelled, it gets no event.
func TestASubscriberMayCancelItself(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		calls := 0
		var cancel func()
		ready := make(chan struct{})
		cancel = s.Subscribe(func(api.Event) { <-ready; calls++; cancel() })
		close(ready)
		b := breaker(t, s, api.BreakerConfig{})
		require.NoError(t, b.ForceOpen())
		require.NoError(t, b.Reset())
		synctest.Wait()
		require.Equal(t, 1, calls)
	})
}

// Promise (System, events, logs and errors): A slow subscriber loses its oldest events, and is given their number.
func TestASlowSubscriberLosesItsOldestEventsAndHearsHowMany(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		release := make(chan struct{})
		slow := &tape{}
		t.Cleanup(s.Subscribe(func(e api.Event) { <-release; slow.add(e) }))
		quick := record(t, s)
		b := breaker(t, s, api.BreakerConfig{})
		const changes = 70_000
		for n := range changes / 2 {
			require.NoError(t, b.ForceOpen())
			require.NoError(t, b.Reset())
			if n%1000 == 0 {
				synctest.Wait() // the quick one hears
			}
		}
		require.Len(t, only[api.BreakerChanged](quick), changes, "a slow one does not slow the others")

		close(release)
		got := only[api.BreakerChanged](slow)
		dropped := only[api.Dropped](slow)
		require.Len(t, dropped, 1)
		require.Equal(t, changes, len(got)+dropped[0].Count)
		require.EqualValues(t, dropped[0].Count, s.Totals().EventsDropped)
		require.InDelta(t, 65_536, len(got), 1)
		all := only[api.BreakerChanged](quick)
		require.Equal(t, all[changes-1000:], got[len(got)-1000:], "the newest are kept, in order")
	})
}
