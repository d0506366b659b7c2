package tests

import (
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (System, events, logs and errors): SubscribeTo delivers only the types of events that are named.
func TestSubscribeToDeliversTheNamedTypes(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		tp, all := &tape{}, record(t, s)
		cancel := s.SubscribeTo(tp.add, api.BreakerChanged{}, api.RetryExhausted{})
		play(t, breaker(t, s, api.BreakerConfig{FailureThreshold: 1}), "f 60s sss CLOSED")
		outage(t, s, "api", 2)
		require.NoError(t, s.Health().Register("db", api.CheckConfig{}, api.Ping(succeed)))
		synctest.Wait()
		require.Len(t, only[api.BreakerChanged](tp), 3)
		require.Len(t, only[api.RetryExhausted](tp), 2)
		require.Empty(t, only[api.CheckChanged](tp))
		require.Len(t, only[api.CheckChanged](all), 1)
		cancel()
		outage(t, s, "api", 2)
		require.Len(t, only[api.RetryExhausted](tp), 2)
	})
}

// Promise (System, events, logs and errors): A subscriber that ends its goroutine is logged, and goes on.
func TestASubscriberMayEndItsGoroutine(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		calls := 0
		t.Cleanup(s.Subscribe(func(api.Event) { calls++; runtime.Goexit() }))
		play(t, breaker(t, s, api.BreakerConfig{FailureThreshold: 1}), "f 60s sss CLOSED")
		synctest.Wait()
		require.Equal(t, 3, calls)
		ended := 0
		for _, line := range log.lines(t) {
			if line["level"] == "ERROR" {
				ended++
				require.Contains(t, line["msg"], "ended its goroutine")
				require.Contains(t, line["stack"], "TestASubscriberMayEndItsGoroutine")
			}
		}
		require.Equal(t, 3, ended)
	})
}

// Promise (System, events, logs and errors): After Shutdown, Subscribe starts nothing.
func TestAfterShutdownSubscribeStartsNothing(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		require.NoError(t, s.Shutdown(t.Context()))
		cancel := s.Subscribe(func(api.Event) { t.Error("called after the end") })
		_ = b.ForceOpen()
		synctest.Wait()
		cancel()
	})
}
