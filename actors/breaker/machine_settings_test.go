package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func configure(t *testing.T, cfg Config) input {
	cfg, err := cfg.Normalize("api")
	require.NoError(t, err)
	return func(m *machine, now time.Time) effects { return m.configure(now, &cfg) }
}

func TestATrialIsAcceptedOnce(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1})
	halfOpen(m)
	now := m.until.Add(time.Minute)
	p, admitted, _ := m.call(now, messages.Call{})
	require.True(t, admitted)
	q, _, _ := m.call(now, messages.Call{})
	require.NotEqual(t, p.Trial, q.Trial)
	for range 3 {
		m.result(now, &messages.Result{Permit: p})
	}
	require.EqualValues(t, 1, m.totals.Successes)
	require.EqualValues(t, 2, m.totals.Late)
	require.Equal(t, 1, m.healed)
	require.Len(t, m.trials, 1)
}

func TestTheTrialThatIsDueFirstDecides(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, TrialTimeout: 10 * time.Second})
	halfOpen(m)
	call(m, at(t, "60s"))
	call(m, at(t, "65s"))
	require.Equal(t, at(t, "70s"), m.wake(at(t, "65s")))

	configure(t, Config{TrialTimeout: time.Second})(m, at(t, "66s"))
	call(m, at(t, "66s"))
	require.Equal(t, at(t, "67s"), m.wake(at(t, "66s")))
	tick(m, at(t, "67s"))
	require.Equal(t, messages.Open, m.state)
}

func TestSuccessesOfAnEarlierRecoveryDoNotCount(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, HalfOpenMaxCalls: 2})
	running(2)(m)
	then(success, failure)(m, at(t, "60s"))
	require.Equal(t, messages.Open, m.state)
	then(call, success)(m, at(t, "120s"))
	require.Equal(t, messages.HalfOpen, m.state)
	then(call, success)(m, at(t, "120s"))
	require.Equal(t, messages.Closed, m.state)
}

func TestAnIgnoredTrialMakesRoomForAnother(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, HalfOpenMaxCalls: 1})
	running(1)(m)
	_, admitted, _ := m.call(at(t, "60s"), messages.Call{})
	require.False(t, admitted)
	ignored(m, at(t, "61s"))
	_, admitted, _ = m.call(at(t, "62s"), messages.Call{})
	require.True(t, admitted)
}

func TestASlowTrialReopensWhenSlowCallsMatter(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, SlowCall: time.Second, SlowCallRate: 1})
	running(1)(m)
	e := slowSuccess(m, at(t, "61s"))
	require.Equal(t, "a trial was slow", reasonOf(e))
	require.Equal(t, messages.Open, m.state)
}

func TestEachReopeningWaitsLongerUntilARecovery(t *testing.T) {
	m := newTestMachine(t, Config{
		FailureThreshold: 1, ResetTimeout: time.Second, HalfOpenMaxCalls: 1, ResetBackoff: 2, MaxResetTimeout: 5 * time.Second,
	})
	now := noon
	failure(m, now)
	for _, want := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second, 5 * time.Second, 5 * time.Second} {
		require.Equal(t, want, m.until.Sub(now))
		now = m.until
		then(call, failure)(m, now)
	}
	now = m.until
	then(call, success, failure)(m, now)
	require.Equal(t, time.Second, m.until.Sub(now))
}

func TestRecoveryClearsStreakAndWindow(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 3, HalfOpenMaxCalls: 1, FailureRate: 0.9, MinimumCalls: 4, Window: CountWindow(4)})
	running(1)(m)
	success(m, at(t, "61s"))
	require.Equal(t, messages.Closed, m.state)
	require.Zero(t, m.streak)
	require.Equal(t, counts{}, m.window.held())
	times(2, failure)(m, at(t, "62s"))
	require.Equal(t, messages.Closed, m.state)
}

func TestConfigureReplacesSettingsAndKeepsTheRest(t *testing.T) {
	rate := Config{FailureRate: 0.5, FailureThreshold: 2}
	for _, row := range []struct {
		what  string
		cfg   Config
		from  func(*machine)
		next  Config
		now   string
		do    input
		check func(t *testing.T, m *machine)
	}{
		{"an open circuit keeps its deadline", Config{FailureThreshold: 2}, open, Config{ResetTimeout: time.Hour}, "30s", nothing,
			func(t *testing.T, m *machine) { require.Equal(t, at(t, "60s"), m.until) }},
		{"the next opening has the new one", Config{FailureThreshold: 2}, open, Config{ResetTimeout: time.Hour, MaxResetTimeout: time.Hour}, "60s", then(call, failure),
			func(t *testing.T, m *machine) { require.Equal(t, at(t, "1h1m"), m.until) }},
		{"it brings a half-open that is due", Config{FailureThreshold: 2}, open, Config{}, "60s", nothing,
			func(t *testing.T, m *machine) { require.Equal(t, messages.HalfOpen, m.state) }},
		{"the streak is kept", Config{FailureThreshold: 9}, func(m *machine) { times(4, failure)(m, noon) }, Config{FailureThreshold: 5}, "1s", failure,
			func(t *testing.T, m *machine) { require.Equal(t, messages.Open, m.state) }},
		{"a lower threshold is judged by the next failure", Config{FailureThreshold: 9}, func(m *machine) { times(4, failure)(m, noon) }, Config{FailureThreshold: 2}, "1s", call,
			func(t *testing.T, m *machine) { require.Equal(t, messages.Closed, m.state) }},
		{"the epoch is kept", Config{}, closed, Config{FailureThreshold: 7}, "1s", success,
			func(t *testing.T, m *machine) { require.EqualValues(t, 1, m.epoch); require.Zero(t, m.totals.Late) }},
		{"the same window goes on", rate, func(m *machine) { failure(m, noon) }, Config{FailureRate: 0.9}, "1s", nothing,
			func(t *testing.T, m *machine) { require.Equal(t, 1, m.window.held().calls) }},
		{"another window starts empty", rate, func(m *machine) { failure(m, noon) }, Config{FailureRate: 0.5, Window: CountWindow(50)}, "1s", nothing,
			func(t *testing.T, m *machine) {
				require.Zero(t, m.window.held().calls)
				require.Equal(t, 1, m.streak)
			}},
		{"running trials keep their deadline", Config{FailureThreshold: 2}, running(1), Config{TrialTimeout: time.Hour}, "119s", tick,
			func(t *testing.T, m *machine) { require.Equal(t, messages.HalfOpen, m.state) }},
		{"and are reclaimed by it", Config{FailureThreshold: 2}, running(1), Config{TrialTimeout: time.Hour}, "119s", nothing,
			func(t *testing.T, m *machine) { tick(m, at(t, "120s")); require.Equal(t, messages.Open, m.state) }},
		{"fewer trials suffice from the next success on", Config{FailureThreshold: 2}, running(3), Config{HalfOpenMaxCalls: 1}, "61s", success,
			func(t *testing.T, m *machine) { require.Equal(t, messages.Closed, m.state) }},
		{"forced open stays forced", Config{}, forced, Config{ResetTimeout: 1}, "1h", tick,
			func(t *testing.T, m *machine) { require.Equal(t, messages.ForcedOpen, m.mode) }},
		{"disabled stays disabled", Config{}, disabled, Config{FailureThreshold: 1}, "1s", failure,
			func(t *testing.T, m *machine) { require.Equal(t, messages.Disabled, m.mode) }},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, row.cfg)
			row.from(m)
			before := m.totals
			configure(t, row.next)(m, at(t, row.now))
			after := m.totals
			after.Entered = before.Entered // what was due comes first
			require.Equal(t, before, after)
			row.do(m, at(t, row.now))
			row.check(t, m)
		})
	}
}

// TestWhenTheMachineWantsATick also shows when callers may count on the lease and
// when they must read the clock.
func TestWhenTheMachineWantsATick(t *testing.T) {
	buckets := Config{FailureRate: 0.5, Window: TimeWindow(10 * time.Second)}
	for _, row := range []struct {
		what   string
		cfg    Config
		from   func(*machine)
		now    string
		do     input
		wake   string // none: never
		leases bool
		timed  bool
	}{
		{"CLOSED", Config{}, closed, "0s", success, "", true, false},
		{"CLOSED, a count window", Config{FailureRate: 0.5}, closed, "0s", success, "", true, false},
		{"CLOSED, slow calls matter", Config{SlowCall: 1}, closed, "0s", success, "", true, true},
		{"CLOSED, a time window and no rate", Config{Window: TimeWindow(time.Second)}, closed, "0s", success, "", true, false},
		{"CLOSED, a time window without calls", buckets, closed, "0s", nothing, "", false, false},
		{"CLOSED, the first call of a bucket", buckets, closed, "0s", success, "1s", true, false},
		{"CLOSED, an ignored call is no call", buckets, closed, "0s", ignored, "", false, false},
		{"CLOSED, a bucket ends", buckets, closed, "1s", then(tick), "", false, false},
		{"CLOSED, a bucket with calls ends", buckets, func(m *machine) { success(m, noon) }, "1s", tick, "2s", true, false},
		{"CLOSED, a bucket without calls ends", buckets, func(m *machine) { success(m, noon); tick(m, noon.Add(time.Second)) }, "2s", tick, "", false, false},
		{"CLOSED again", buckets, func(m *machine) { success(m, noon) }, "1.5s", order(messages.Reset), "", false, false},
		{"OPEN", Config{FailureThreshold: 1}, open, "1s", nothing, "59.95s", true, false},
		{"OPEN, the last stretch", Config{FailureThreshold: 1}, open, "59.95s", nothing, "60s", true, true},
		{"OPEN for shorter than a stretch", Config{FailureThreshold: 1, ResetTimeout: 1}, open, "0s", nothing, "1ns", true, true},
		{"OPEN, a time window", Config{FailureThreshold: 1, FailureRate: 1, Window: TimeWindow(time.Second)}, open, "1s", nothing, "59.95s", true, false},
		{"forced open", Config{}, forced, "1h", nothing, "", true, false},
		{"disabled", Config{}, disabled, "1h", nothing, "", true, false},
		{"HALF_OPEN", Config{FailureThreshold: 1}, halfOpen, "61s", nothing, "", false, false},
		{"HALF_OPEN, a trial runs", Config{FailureThreshold: 1, TrialTimeout: time.Second}, running(2), "60s", nothing, "61s", false, false},
		{"HALF_OPEN, the trial ended", Config{FailureThreshold: 1}, running(1), "61s", success, "", false, false},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, row.cfg)
			row.from(m)
			row.do(m, at(t, row.now))
			want := time.Time{}
			if row.wake != "" {
				want = at(t, row.wake)
			}
			require.Equal(t, want, m.wake(at(t, row.now)))
			require.Equal(t, row.leases, m.leases())
			require.Equal(t, row.timed, m.timed(at(t, row.now)))
		})
	}
}

func TestATallyIsCredited(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 3, FailureRate: 0.5, MinimumCalls: 4, Window: CountWindow(4)})
	times(2, failure)(m, noon)
	m.credit(0)
	require.Equal(t, 2, m.streak)
	m.credit(7)
	require.Zero(t, m.streak)
	require.EqualValues(t, 7, m.totals.Successes)
	require.Equal(t, counts{calls: 4}, m.window.held())

	times(3, failure)(m, noon)
	require.Equal(t, messages.Open, m.state)
	m.credit(5)
	require.EqualValues(t, 5, m.totals.Rejected)
	require.EqualValues(t, 7, m.totals.Successes)
}

func TestStats(t *testing.T) {
	cfg := Config{FailureThreshold: 5, FailureRate: 0.9, MinimumCalls: 3, Window: CountWindow(4)}
	for _, row := range []struct {
		what string
		from func(*machine)
		now  string
		want messages.BreakerStats
		idle bool
	}{
		{"new", closed, "0s", messages.BreakerStats{}, true},
		{"no rate below the minimum", func(m *machine) { then(failure, success)(m, noon) }, "0s",
			messages.BreakerStats{Successes: 1, Failures: 1}, true},
		{"the rate of the window", func(m *machine) { then(failure, failure, success, failure)(m, noon) }, "0s",
			messages.BreakerStats{Successes: 1, Failures: 3, ConsecutiveFailures: 1, FailureRate: 0.75}, true},
		{"open", func(m *machine) { times(3, failure)(m, noon) }, "20s",
			messages.BreakerStats{State: messages.Open, Failures: 3, ConsecutiveFailures: 3, FailureRate: 1, Opened: 1, TimeUntilReset: 40 * time.Second}, true},
		{"a half-open that is due", func(m *machine) { times(3, failure)(m, noon) }, "60s",
			messages.BreakerStats{State: messages.HalfOpen, Failures: 3, ConsecutiveFailures: 3, FailureRate: 1, Opened: 1, HalfOpened: 1}, false},
		{"recovered", func(m *machine) { running(3)(m); times(3, success)(m, at(t, "60s")) }, "61s",
			messages.BreakerStats{Successes: 3, Failures: 5, Opened: 1, HalfOpened: 1, Closed: 1}, true},
		{"forced open", forced, "0s", messages.BreakerStats{State: messages.Open, Mode: messages.ForcedOpen, Opened: 1}, true},
		{"disabled", disabled, "0s", messages.BreakerStats{Mode: messages.Disabled}, true},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, cfg)
			row.from(m)
			s, e := m.stats(at(t, row.now))
			s.LastFailureAt = time.Time{}
			require.Equal(t, row.want, s)
			require.Equal(t, row.idle, e.idle)
		})
	}
}

func TestACopyOfAMachineIsItsOwn(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, FailureRate: 1, MinimumCalls: 2, Window: CountWindow(2)})
	running(2)(m)
	var spare, was machine
	spare.CopyFrom(m)
	was.CopyFrom(m)
	require.Equal(t, *m, spare)
	success(&spare, at(t, "61s"))
	failure(&spare, at(t, "61s"))
	require.Equal(t, was, *m)
}
