package tests

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Circuit breaker): Reset, ForceOpen, Disable, Configure and Shutdown do not wait for a probe.
func TestOrdersDoNotWaitForAProbe(t *testing.T) {
	for what, row := range map[string]struct {
		order func(*api.Breaker) error
		want  api.State
	}{
		"Reset":     {(*api.Breaker).Reset, api.Closed},
		"ForceOpen": {(*api.Breaker).ForceOpen, api.Open},
		"Disable":   {(*api.Breaker).Disable, api.Closed},
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				var runs atomic.Int32
				register(t, s, "db", onDemand, slowly(&runs, errBoom))
				b := probed(t, s, api.BreakerConfig{})
				after(60500 * time.Millisecond)
				require.Equal(t, api.HalfOpen, b.State())
				require.NoError(t, row.order(b))
				tp := record(t, s)
				after(time.Hour)
				require.Equal(t, row.want, b.State())
				require.Empty(t, changes(tp), "what it said came too late")
				require.EqualValues(t, 2, runs.Load())
			})
		})
	}
}

// Promise (Circuit breaker): Reset, ForceOpen, Disable, Configure and Shutdown do not wait for a probe.
func TestConfigureDuringAProbeServesTheNextTime(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var old, fresh atomic.Int32
		register(t, s, "db", onDemand, slowly(&old, errBoom))
		register(t, s, "db2", onDemand, slowly(&fresh, nil))
		b := probed(t, s, api.BreakerConfig{})
		after(60500 * time.Millisecond)
		require.NoError(t, b.Configure(api.BreakerConfig{FailureThreshold: 1, Probe: "db2", HalfOpenMaxCalls: 1}))
		require.Equal(t, "db2", b.Config().Probe)
		after(time.Second)
		play(t, b, "OPEN")
		after(61 * time.Second)
		play(t, b, "CLOSED f OPEN")
		require.EqualValues(t, 2, old.Load())
		require.EqualValues(t, 2, fresh.Load())
		require.NoError(t, b.Configure(api.BreakerConfig{HalfOpenMaxCalls: 1}))
		play(t, b, "60s HALF_OPEN s CLOSED")
	})
}

// Promise (Circuit breaker): Reset, ForceOpen, Disable, Configure and Shutdown do not wait for a probe.
func TestShutdownDoesNotWaitForAProbe(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs atomic.Int32
		register(t, s, "db", onDemand, slowly(&runs, nil))
		tp := record(t, s)
		b := probed(t, s, api.BreakerConfig{})
		after(60500 * time.Millisecond)
		require.Zero(t, took(func() { require.NoError(t, s.Shutdown(context.Background())) }))
		require.Equal(t, api.HalfOpen, b.State())
		require.Equal(t, []string{"CLOSED>OPEN", "OPEN>HALF_OPEN"}, changes(tp))
		require.Empty(t, only[api.ProbeUnanswered](tp))
		require.ErrorIs(t, b.Run(context.Background(), succeed), api.ErrShutdown)
	})
}

// While the probe runs, a refusal sends no message, and still is counted.
//
// Promise (Circuit breaker): With a Probe, runs of that health check are the trials. Callers are refused meanwhile, and each refusal is counted.
func TestNoRefusalIsLostWhileAProbeRuns(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs atomic.Int32
		register(t, s, "db", onDemand, slowly(&runs, nil))
		b := probed(t, s, api.BreakerConfig{})
		after(time.Minute)
		var admitted, refused atomic.Uint64
		var all sync.WaitGroup
		for i := range 20 {
			all.Go(func() {
				for range 500 {
					err := b.Run(context.Background(), succeed)
					if errors.Is(err, api.ErrCircuitOpen) {
						refused.Add(1)
					} else {
						admitted.Add(1)
					}
					if i == 0 {
						_, _ = b.Stats()
					}
					time.Sleep(time.Duration(1+i) * time.Millisecond)
				}
			})
		}
		all.Wait()
		require.Equal(t, api.BreakerStats{
			Name: "api", Failures: 1, Opened: 1, HalfOpened: 1, Closed: 1, Successes: admitted.Load(), Rejected: refused.Load(),
		}, stats(t, b))
		require.NotZero(t, admitted.Load())
		require.NotZero(t, refused.Load())
	})
}

// Promise (Circuit breaker): Breakers may share a probe. A probe that calls through its own breaker fails.
func TestBreakersMayShareAProbe(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs atomic.Int32
		register(t, s, "db", onDemand, slowly(&runs, nil))
		var all []*api.Breaker
		for i := range 50 {
			b, err := s.Breaker(fmt.Sprint("tenant ", i), api.BreakerConfig{FailureThreshold: 1, Probe: "db"})
			require.NoError(t, err)
			play(t, b, "f OPEN")
			all = append(all, b)
		}
		after(63 * time.Second)
		for _, b := range all {
			require.Equal(t, api.Closed, b.State())
		}
		require.EqualValues(t, 4, runs.Load(), "callers join the run in flight")
	})
}

// The breaker refuses the calls of its own probe, so a check that calls through
// it fails. The breaker still works afterwards.
//
// Promise (Circuit breaker): Breakers may share a probe. A probe that calls through its own breaker fails.
func TestAProbeThroughItsOwnBreakerIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := probed(t, s, api.BreakerConfig{})
		register(t, s, "db", onDemand, api.Ping(func(ctx context.Context) error { return b.Run(ctx, succeed) }))
		after(time.Minute)
		play(t, b, "OPEN")
		require.Contains(t, last(t, s, "db").Message, "waits for its probe 'db'")
		require.NoError(t, b.Reset())
		play(t, b, "CLOSED s")
	})
}

// Promise (Circuit breaker): A probe with a blank name is a *ConfigError.
func TestAProbeWithAnImpossibleNameIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		_, err := s.Breaker("api", api.BreakerConfig{Probe: "\t"})
		require.EqualError(t, err, `breaker "api": Probe: must not be blank`)
		b := breaker(t, s, api.BreakerConfig{Probe: "db"})
		var refused *api.ConfigError
		require.True(t, errors.As(b.Configure(api.BreakerConfig{Probe: " "}), &refused))
		require.Equal(t, "Probe", refused.Field)
		require.Equal(t, "db", b.Config().Probe)
	})
}

// Promise (Circuit breaker): A ResetTimeout below 1 ms is a *ConfigError if there is a Probe, which would run without a pause.
func TestAProbeHasAPause(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		_, err := s.Breaker("api", api.BreakerConfig{ResetTimeout: 1, Probe: "db"})
		require.EqualError(t, err, `breaker "api": ResetTimeout: must be at least 1ms with a Probe: 1ns`)
		b := breaker(t, s, api.BreakerConfig{ResetTimeout: 1})
		require.ErrorIs(t, b.Configure(api.BreakerConfig{ResetTimeout: 1, Probe: "db"}), api.ErrConfig)
		require.NoError(t, b.Configure(api.BreakerConfig{ResetTimeout: time.Millisecond, Probe: "db"}))
	})
}
