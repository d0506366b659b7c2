package breaker

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

var errBoom = errors.New("boom")

// fails ends the newest call with errBoom, which asks for that wait.
func fails(retryAfter time.Duration) input {
	return func(m *machine, now time.Time) effects {
		p := messages.Permit{Epoch: m.epoch}
		if n := len(m.trials); n > 0 {
			p.Trial = m.trials[n-1].id
		}
		return m.result(now, &messages.Result{Permit: p, Outcome: messages.Failure, Err: errBoom, RetryAfter: retryAfter})
	}
}

func trip(reason string) input {
	return func(m *machine, now time.Time) effects {
		return m.control(now, messages.Control{Order: messages.Trip, Reason: reason})
	}
}

// calls makes so many calls, and returns how many were admitted.
func calls(m *machine, now time.Time, n int) (admitted int) {
	for range n {
		if _, ok, _ := m.call(now, messages.Call{}); ok {
			admitted++
		}
	}
	return admitted
}

func TestNoMoreTrialsRunThanAreNeeded(t *testing.T) {
	for _, row := range []struct {
		what string
		do   input
		want int // of nine more calls, so many are admitted
	}{
		{"at first", nothing, 3},
		{"one runs", call, 2},
		{"one succeeded", then(call, success), 2},
		{"two succeeded", times(2, then(call, success)), 1},
		{"one succeeded, one runs", then(call, success, call), 1},
		{"one failed, and was borne", then(call, failure), 3},
		{"one was ignored", then(call, ignored), 3},
		{"all succeeded that Configure asks for", then(times(2, then(call, success)), configure(t, Config{HalfOpenMaxCalls: 1})), 1},
		{"Configure asks for more", then(call, success, configure(t, Config{HalfOpenMaxCalls: 9})), 8},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, Config{FailureThreshold: 1, HalfOpenFailures: 1})
			halfOpen(m)
			row.do(m, at(t, "60s"))
			require.Equal(t, messages.HalfOpen, m.state)
			require.Equal(t, row.want, calls(m, at(t, "60s"), 9))
		})
	}
}

func TestFailedTrialsAreBorne(t *testing.T) {
	cfg := Config{FailureThreshold: 1, HalfOpenFailures: 2, HalfOpenMaxCalls: 3, TrialTimeout: 10 * time.Second}
	slow := cfg
	slow.SlowCall, slow.SlowCallRate = time.Second, 1
	for _, row := range []struct {
		what   string
		cfg    Config
		do     input // at 60s
		now    string
		last   input
		want   messages.State
		reason string
	}{
		{"two failures", cfg, times(1, then(call, failure)), "60s", then(call, failure), messages.HalfOpen, ""},
		{"a third one", cfg, times(2, then(call, failure)), "60s", then(call, failure), messages.Open, "a trial failed"},
		{"successes need not be in a row", cfg, times(2, then(call, success, call, failure)), "60s", then(call, success), messages.Closed, "service recovered"},
		{"an ignored one is not one of them", cfg, times(9, then(call, ignored)), "60s", then(call, failure), messages.HalfOpen, ""},
		{"slow ones", slow, times(2, then(call, slowSuccess)), "60s", then(call, slowSuccess), messages.Open, "a trial was slow"},
		{"slow ones heal nothing", slow, times(2, then(call, slowSuccess)), "60s", times(2, then(call, success)), messages.HalfOpen, ""},
		{"two are overdue", cfg, times(2, call), "70s", tick, messages.HalfOpen, ""},
		{"three are overdue", cfg, times(3, call), "70s", tick, messages.Open, "a trial did not report within 10s"},
		{"two are overdue, one more fails", cfg, times(2, call), "70s", then(call, failure), messages.Open, "a trial failed"},
		{"the next HALF_OPEN bears as many", cfg, times(3, then(call, failure)), "2m", times(2, then(call, failure)), messages.HalfOpen, ""},
		{"Configure bears none", cfg, then(call, failure, configure(t, Config{})), "60s", then(call, failure), messages.Open, "a trial failed"},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, row.cfg)
			halfOpen(m)
			row.do(m, at(t, "60s"))
			e := row.last(m, at(t, row.now))
			require.Equal(t, row.want, m.state)
			require.Equal(t, row.reason, reasonOf(e))
		})
	}
}

func TestOverdueTrialsThatAreBorneAreCounted(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, HalfOpenFailures: 2, TrialTimeout: 10 * time.Second})
	running(2)(m)
	first, second := m.trials[0].id, m.trials[1].id
	m.tick(at(t, "70s"))
	require.EqualValues(t, 3, m.totals.Failures, "the first one opened it")
	require.Empty(t, m.trials)
	for _, id := range []uint64{first, second} {
		m.result(at(t, "71s"), &messages.Result{Permit: messages.Permit{Epoch: m.epoch, Trial: id}})
	}
	require.EqualValues(t, 2, m.totals.Late)
	require.Zero(t, m.totals.Successes)
	require.Zero(t, m.healed)
	require.Nil(t, m.lastFailure)
	require.Equal(t, at(t, "70s").UnixNano(), m.lastFailureAt)
}

func TestFailedRunsOfAProbeAreBorne(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, Probe: "payments", HalfOpenFailures: 1, HalfOpenMaxCalls: 2})
	open(m)
	now := m.until
	require.NotNil(t, m.tick(now).ask)
	e := says(messages.Unhealthy)(m, now)
	require.Equal(t, messages.HalfOpen, m.state)
	require.NotNil(t, e.ask, "it is asked again")
	says(messages.Healthy)(m, now)
	e = says(messages.Healthy)(m, now)
	require.Equal(t, "service recovered", reasonOf(e))

	open(m)
	m.tick(m.until)
	e = m.tick(m.trials[0].deadline)
	require.Equal(t, messages.HalfOpen, m.state)
	require.NotNil(t, e.ask, "one is overdue")
	e = says(messages.Unhealthy)(m, m.trials[0].deadline.Add(-1))
	require.Equal(t, "probe 'payments' is UNHEALTHY", reasonOf(e))
	require.Nil(t, e.ask)
}

func TestAStreakMayBeTooOld(t *testing.T) {
	cfg := Config{FailureThreshold: 3, FailureWindow: 10 * time.Second}
	for _, row := range []struct {
		what     string
		cfg      Config
		failures []string // when the calls fail
		streak   int
	}{
		{"within the window", cfg, []string{"0s", "5s"}, 2},
		{"exactly as old as the window", cfg, []string{"0s", "10s"}, 2},
		{"older", cfg, []string{"0s", "10.000000001s"}, 1},
		{"the first one counts, not the last one", cfg, []string{"0s", "6s", "12s"}, 1},
		{"a new streak has its own begin", cfg, []string{"0s", "6s", "12s", "22s"}, 2},
		{"no window", Config{FailureThreshold: 3}, []string{"0s", "999h"}, 2},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, row.cfg)
			for _, now := range row.failures {
				failure(m, at(t, now))
			}
			require.Equal(t, messages.Closed, m.state)
			require.Equal(t, row.streak, m.streak)
		})
	}
	m := newTestMachine(t, cfg)
	failure(m, at(t, "0s"))
	m.credit(1)
	then(failure, failure)(m, at(t, "9s"))
	failure(m, at(t, "19s"))
	require.Equal(t, messages.Open, m.state, "the streak began after the success, at 9s")
}

func TestACallerThatHasLeftIsNotCounted(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, HalfOpenMaxCalls: 1})
	halfOpen(m)
	before := m.totals
	p, admitted, _ := m.call(at(t, "60s"), messages.Call{})
	require.True(t, admitted)
	m.left(p, admitted)
	require.Empty(t, m.trials)
	call(m, at(t, "60s"))
	p, admitted, _ = m.call(at(t, "60s"), messages.Call{})
	require.False(t, admitted)
	m.left(p, admitted)
	require.Len(t, m.trials, 1)
	require.Equal(t, before, m.totals)
}

func TestACallWithinATrialNeedsNoPlace(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, HalfOpenMaxCalls: 1, TrialTimeout: 10 * time.Second, HalfOpenFailures: 1})
	halfOpen(m)
	outer, _, _ := m.call(at(t, "60s"), messages.Call{})
	p, admitted, _ := m.call(at(t, "61s"), messages.Call{Within: outer})
	require.True(t, admitted)
	require.Equal(t, messages.Permit{Epoch: m.epoch, Within: true}, p)
	require.Len(t, m.trials, 1)
	p, admitted, _ = m.call(at(t, "70s"), messages.Call{Within: outer})
	require.True(t, admitted, "the outer trial is overdue, and was borne")
	require.False(t, p.Within, "so this is a trial itself")
	stale := outer
	stale.Epoch--
	_, admitted, _ = m.call(at(t, "71s"), messages.Call{Within: stale})
	require.False(t, admitted)
}
