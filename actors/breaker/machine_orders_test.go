package breaker

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func TestTripAndTryNow(t *testing.T) {
	tryNow := order(messages.TryNow)
	for _, row := range []struct {
		what   string
		from   func(*machine)
		now    string
		do     input
		want   messages.State
		reason string // none: it changes nothing
		until  string // when OPEN
	}{
		{"CLOSED Trip", closed, "1s", trip("deploy"), messages.Open, "deploy", "61s"},
		{"CLOSED Trip, no reason", closed, "1s", trip(""), messages.Open, "tripped", "61s"},
		{"CLOSED TryNow", closed, "1s", tryNow, messages.Closed, "", ""},
		{"OPEN Trip", open, "1s", trip("deploy"), messages.Open, "", "60s"},
		{"OPEN TryNow", open, "1s", tryNow, messages.HalfOpen, "asked to try", ""},
		{"HALF_OPEN Trip", running(1), "61s", trip("deploy"), messages.Open, "deploy", "181s"},
		{"HALF_OPEN TryNow", running(1), "61s", tryNow, messages.HalfOpen, "", ""},
		{"forced open Trip", forced, "1s", trip("deploy"), messages.Open, "", ""},
		{"forced open TryNow", forced, "1s", tryNow, messages.Open, "", ""},
		{"disabled Trip", disabled, "1s", trip("deploy"), messages.Closed, "", ""},
		{"disabled TryNow", disabled, "1s", tryNow, messages.Closed, "", ""},
		{"Trip, then Reset", closed, "1s", then(trip("deploy"), order(messages.Reset)), messages.Closed, "reset", ""},
		{"Trip recovers by itself", closed, "1s", then(trip("deploy"), func(m *machine, _ time.Time) effects { return m.tick(m.until) }),
			messages.HalfOpen, "reset timeout is over", ""},
		{"TryNow, then a failure", open, "1s", then(tryNow, call, failure), messages.Open, "a trial failed", "121s"},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, Config{FailureThreshold: 1, ResetBackoff: 2})
			row.from(m)
			epoch := m.epoch
			e := row.do(m, at(t, row.now))
			require.Equal(t, row.want, m.state)
			require.Equal(t, row.reason, reasonOf(e))
			require.Equal(t, row.reason == "", e.idle)
			require.Equal(t, row.reason == "", m.epoch == epoch)
			require.NoError(t, e.cause())
			if row.until != "" {
				require.Equal(t, at(t, row.until), m.until)
			}
		})
	}
	m := newTestMachine(t, Config{})
	require.Len(t, trip(strings.Repeat("x", 1<<20))(m, noon).change.Reason, messages.MaxName)
}

func TestTryNowAsksTheProbe(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, Probe: "payments"})
	open(m)
	require.NotNil(t, order(messages.TryNow)(m, at(t, "1s")).ask)
}

func TestAFailureMayAskForALongerOpening(t *testing.T) {
	cfg := Config{FailureThreshold: 2, MaxResetTimeout: 5 * time.Minute}
	rate := Config{FailureThreshold: Off, FailureRate: 1, MinimumCalls: 2}
	for _, row := range []struct {
		what  string
		cfg   Config
		do    input
		opens time.Duration // for so long; 0: it stays closed
	}{
		{"longer than ResetTimeout", cfg, then(failure, fails(2*time.Minute)), 2 * time.Minute},
		{"shorter", cfg, then(failure, fails(time.Second)), time.Minute},
		{"longer than MaxResetTimeout", cfg, then(failure, fails(time.Hour)), 5 * time.Minute},
		{"a failure that opens nothing is not heard", cfg, fails(2 * time.Minute), 0},
		{"nor is it by the next one", cfg, then(fails(2*time.Minute), failure), time.Minute},
		{"an opening by the rate", rate, then(failure, fails(2*time.Minute)), 2 * time.Minute},
		{"negative", cfg, then(failure, fails(-time.Hour)), time.Minute},
		{"a trial", cfg, then(times(2, failure), order(messages.TryNow), call, fails(3*time.Minute)), 3 * time.Minute},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, row.cfg)
			row.do(m, noon)
			if row.opens == 0 {
				require.Equal(t, messages.Closed, m.state)
				return
			}
			require.Equal(t, row.opens, m.until.Sub(noon))
		})
	}
}

func TestWhatOpenedTheCircuit(t *testing.T) {
	slow := Config{FailureThreshold: Off, SlowCall: 1, SlowCallRate: 1, MinimumCalls: 1, FailureRate: 1}
	for _, row := range []struct {
		what string
		cfg  Config
		do   input
		last error
		mode messages.Mode
	}{
		{"a failure", Config{FailureThreshold: 1}, fails(0), errBoom, messages.Automatic},
		{"a panic", Config{FailureThreshold: 2}, then(fails(0), failure), nil, messages.Automatic},
		{"the rate", Config{FailureThreshold: Off, FailureRate: 1, MinimumCalls: 1}, fails(0), errBoom, messages.Automatic},
		{"slow calls", slow, slowSuccess, nil, messages.Automatic},
		{"an operator", Config{}, then(fails(0), order(messages.ForceOpen)), nil, messages.ForcedOpen},
		{"Disable", Config{}, then(fails(0), order(messages.Disable)), nil, messages.Disabled},
		{"Trip", Config{}, then(fails(0), trip("deploy")), nil, messages.Automatic},
		{"a trial", Config{}, then(trip("deploy"), order(messages.TryNow), call, fails(0)), errBoom, messages.Automatic},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, row.cfg)
			e := row.do(m, noon)
			require.True(t, e.changed)
			require.Equal(t, row.last, e.change.Last)
			require.Equal(t, row.mode, e.change.Mode)
		})
	}
}

func TestTheLastFailureIsKept(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 2})
	then(fails(0), success, ignored, order(messages.Reset))(m, at(t, "1s"))
	s, _ := m.stats(at(t, "2s"))
	require.Equal(t, errBoom, s.LastFailure)
	require.True(t, at(t, "1s").Equal(s.LastFailureAt))
	failure(m, at(t, "3s"))
	s, _ = m.stats(at(t, "4s"))
	require.NoError(t, s.LastFailure, "a panic has no error")
	require.True(t, at(t, "3s").Equal(s.LastFailureAt))
}
