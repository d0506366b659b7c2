package tests

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// probed makes the breaker "api" with the check "db" as its probe, and opens it.
func probed(t *testing.T, s *api.System, cfg api.BreakerConfig) *api.Breaker {
	t.Helper()
	cfg.FailureThreshold, cfg.Probe = 1, "db"
	b := breaker(t, s, cfg)
	play(t, b, "f OPEN")
	return b
}

// after sleeps for d and waits until everything that is due then has happened.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// slowly returns a check that takes a second, returns err, and counts its runs.
func slowly(runs *atomic.Int32, err error) api.Check {
	return func(ctx context.Context) (api.Details, error) {
		runs.Add(1)
		select {
		case <-time.After(time.Second):
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Promise (Circuit breaker): With a Probe, runs of that health check are the trials. Callers are refused meanwhile, and each refusal is counted.
func TestAProbeTriesInsteadOfCallers(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs atomic.Int32
		register(t, s, "db", onDemand, slowly(&runs, nil))
		tp := record(t, s)
		b := probed(t, s, api.BreakerConfig{HalfOpenMaxCalls: 2})
		after(59 * time.Second)
		require.EqualValues(t, 1, runs.Load(), "while the circuit is open the probe does not run")
		after(time.Second)
		play(t, b, "HALF_OPEN xxx")
		err := b.Run(context.Background(), succeed)
		require.EqualError(t, err, "Circuit breaker 'api' is half-open and waits for its probe 'db'")
		var refusal *api.CircuitOpenError
		require.ErrorAs(t, err, &refusal)
		require.Equal(t, api.HalfOpen, refusal.State)
		require.Equal(t, 1, stats(t, b).Trials)
		after(time.Second)
		play(t, b, "HALF_OPEN x")
		after(time.Second)
		play(t, b, "CLOSED s")
		require.EqualValues(t, 3, runs.Load(), "the first, and two in a row")
		require.Equal(t, []string{"CLOSED>OPEN", "OPEN>HALF_OPEN", "HALF_OPEN>CLOSED"}, changes(tp))
		require.Equal(t, api.BreakerStats{Name: "api", Successes: 1, Failures: 1, Rejected: 5, Opened: 1, HalfOpened: 1, Closed: 1}, stats(t, b), "its runs are no calls")
	})
}

// Promise (Circuit breaker): HalfOpenMaxCalls consecutive healthy runs of the probe close the circuit. An unhealthy, blocked, stuck or late run reopens it.
func TestAnUnhealthyProbeOpensItAgainForLonger(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		db := &sick{}
		db.failing.Store(true)
		register(t, s, "db", onDemand, db.check)
		tp := record(t, s)
		b := probed(t, s, api.BreakerConfig{ResetBackoff: 2})
		after(time.Minute)
		require.Equal(t, api.Open, b.State())
		require.Equal(t, 2*time.Minute, b.TimeUntilReset())
		require.Equal(t, "probe 'db' is UNHEALTHY", only[api.BreakerChanged](tp)[2].Reason)
		after(2 * time.Minute)
		require.Equal(t, 4*time.Minute, b.TimeUntilReset())
		db.failing.Store(false)
		after(4 * time.Minute)
		play(t, b, "CLOSED f OPEN")
		require.Equal(t, time.Minute, b.TimeUntilReset(), "it recovered: back to the first")
	})
}

// Promise (Circuit breaker): HalfOpenMaxCalls consecutive healthy runs of the probe close the circuit. An unhealthy, blocked, stuck or late run reopens it.
func TestHealthyRunsMustBeInARow(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var run atomic.Int32
		register(t, s, "db", onDemand, func(context.Context) (api.Details, error) {
			if n := run.Add(1); n == 3 { // the first is Register's
				return nil, errBoom
			}
			return nil, nil
		})
		b := probed(t, s, api.BreakerConfig{HalfOpenMaxCalls: 2})
		after(time.Minute)
		require.Equal(t, api.Open, b.State())
		require.EqualValues(t, 3, run.Load())
		after(time.Minute)
		require.Equal(t, api.Closed, b.State())
		require.EqualValues(t, 5, run.Load())
	})
}

// UnhealthyAfter and HealthyAfter matter only to the status of the check.
//
// Promise (Circuit breaker): Each run of a probe counts by itself, whatever the streaks of the check say. DEGRADED is a slow trial.
func TestEachRunOfAProbeCountsByItself(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		db := &sick{}
		register(t, s, "db", api.CheckConfig{Interval: api.OnDemand, UnhealthyAfter: 9, HealthyAfter: 9}, db.check)
		b := probed(t, s, api.BreakerConfig{HalfOpenMaxCalls: 1})
		synctest.Wait()
		db.failing.Store(true)
		after(time.Minute)
		require.Equal(t, api.Healthy, last(t, s, "db").Status)
		require.Equal(t, api.Unhealthy, last(t, s, "db").LastRun)
		require.Equal(t, api.Open, b.State())
		for range 9 {
			s.Health().Run(t.Context(), "db")
		}
		db.failing.Store(false)
		after(time.Minute)
		require.Equal(t, api.Unhealthy, last(t, s, "db").Status)
		require.Equal(t, api.Closed, b.State())
	})
}

// Promise (Circuit breaker): Each run of a probe counts by itself, whatever the streaks of the check say. DEGRADED is a slow trial.
func TestADegradedProbeIsASlowTrial(t *testing.T) {
	for slowCallRate, want := range map[float64]api.State{0: api.Closed, 0.5: api.Open} {
		bubble(t, func(t *testing.T, s *api.System) {
			register(t, s, "db", onDemand, func(context.Context) (api.Details, error) { return nil, api.Degrade("one replica left") })
			b := probed(t, s, api.BreakerConfig{SlowCall: time.Second, SlowCallRate: slowCallRate})
			after(time.Minute)
			require.Equal(t, want, b.State())
		})
	}
}

// Promise (Circuit breaker): HalfOpenMaxCalls consecutive healthy runs of the probe close the circuit. An unhealthy, blocked, stuck or late run reopens it.
func TestAProbeThatCannotBeHealthyOpensItAgain(t *testing.T) {
	for what, row := range map[string]struct {
		cfg    api.CheckConfig
		check  api.Check
		reason string
	}{
		"it panics": {onDemand, func(context.Context) (api.Details, error) { panic("boom") }, "probe 'db' is UNHEALTHY"},
		"it is blocked by what it depends on": {api.CheckConfig{Interval: api.OnDemand, DependsOn: []string{"network"}},
			api.Ping(succeed), "probe 'db' is UNHEALTHY"},
		"it is too slow": {api.CheckConfig{Interval: api.OnDemand, Timeout: time.Second},
			api.Ping(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }), "probe 'db' is UNHEALTHY"},
		"it is stuck": {api.CheckConfig{Interval: api.OnDemand, Timeout: time.Second},
			api.Ping(func(context.Context) error { time.Sleep(90 * time.Second); return nil }), "probe 'db' is UNHEALTHY"},
		"it takes longer than a trial may": {api.CheckConfig{Interval: api.OnDemand, Timeout: time.Minute},
			api.Ping(func(context.Context) error { time.Sleep(10 * time.Second); return nil }), "probe 'db' did not report within 5s"},
	} {
		t.Run(what, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				register(t, s, "network", onDemand, api.Ping(fail))
				synctest.Wait()
				register(t, s, "db", row.cfg, row.check)
				tp := record(t, s)
				b := probed(t, s, api.BreakerConfig{TrialTimeout: 5 * time.Second})
				after(65 * time.Second)
				require.Equal(t, api.Open, b.State())
				require.Equal(t, row.reason, only[api.BreakerChanged](tp)[2].Reason)
				require.Empty(t, only[api.ProbeUnanswered](tp))
			})
		})
	}
}

// Promise (Circuit breaker): If the probe of a breaker is not registered, the breaker emits an event, and calls are the trials that time.
func TestAProbeThatIsNotRegisteredLeavesTheTrialsToCallers(t *testing.T) {
	logged(t, func(t *testing.T, s *api.System, log *logbook) {
		tp := record(t, s)
		b := probed(t, s, api.BreakerConfig{HalfOpenMaxCalls: 1})
		after(time.Minute)
		began := time.Now()
		play(t, b, "HALF_OPEN f OPEN")
		want := api.ProbeUnanswered{Name: "api", Probe: "db", Reason: "Check 'db' not found", At: began}
		require.Equal(t, []api.ProbeUnanswered{want}, only[api.ProbeUnanswered](tp))
		line := log.find(t, "WARN", "Circuit breaker 'api' tries callers, its probe 'db' does not answer: Check 'db' not found")
		require.Equal(t, "db", line["probe"])

		register(t, s, "db", onDemand, api.Ping(succeed)) // better late than never
		after(time.Minute)
		play(t, b, "CLOSED")
		require.Len(t, only[api.ProbeUnanswered](tp), 1)
	})
}

// Promise (Circuit breaker): If the probe of a breaker is not registered, the breaker emits an event, and calls are the trials that time.
func TestAProbeThatIsDeregisteredLeavesTheTrialsToCallers(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs atomic.Int32
		h := register(t, s, "db", onDemand, slowly(&runs, errBoom))
		tp := record(t, s)
		b := probed(t, s, api.BreakerConfig{HalfOpenMaxCalls: 1})
		after(60500 * time.Millisecond)
		play(t, b, "HALF_OPEN x")
		require.NoError(t, h.Deregister("db"))
		synctest.Wait()
		require.Len(t, only[api.ProbeUnanswered](tp), 1)
		play(t, b, "HALF_OPEN s CLOSED")
	})
}
