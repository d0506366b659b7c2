package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// says answers for the run of the probe that is under way, or was the last.
func says(status messages.Status) input {
	return func(m *machine, now time.Time) effects {
		return m.probed(now, messages.Probed{Permit: messages.Permit{Epoch: m.epoch, Trial: m.lastTrial}, Status: status, Message: "why"})
	}
}

// saysLate answers for a run of the epoch before.
func saysLate(status messages.Status) input {
	return func(m *machine, now time.Time) effects {
		return m.probed(now, messages.Probed{Permit: messages.Permit{Epoch: m.epoch - 1, Trial: m.lastTrial}, Status: status})
	}
}

func configured(cfg Config) input {
	return func(m *machine, now time.Time) effects {
		cfg, err := cfg.Normalize("api")
		if err != nil {
			panic(err)
		}
		return m.configure(now, &cfg)
	}
}

func TestWhatAProbeMoves(t *testing.T) {
	cfg := Config{FailureThreshold: 2, HalfOpenMaxCalls: 2, TrialTimeout: 10 * time.Second, Probe: "payments"}
	slowMatters := cfg
	slowMatters.SlowCall, slowMatters.SlowCallRate = time.Second, 0.5
	another, none := cfg, cfg
	another.Probe, none.Probe = "banking", ""
	const shut, up, half = messages.Closed, messages.Open, messages.HalfOpen
	probed := func(m *machine) { open(m); m.tick(m.until) }
	for _, row := range []struct {
		what   string
		from   func(*machine)
		now    string
		do     input
		want   messages.State
		reason string // of the change
		asks   string // the check that is asked after it
	}{
		{"OPEN before the end", open, "59s", tick, up, "", ""},
		{"OPEN at the end", open, "60s", tick, half, "reset timeout is over", "payments"},
		{"OPEN after the end, by a caller", open, "70s", call, half, "reset timeout is over", "payments"},
		{"HALF_OPEN call", probed, "61s", call, half, "", ""},
		{"HALF_OPEN healthy", probed, "61s", says(messages.Healthy), half, "", "payments"},
		{"HALF_OPEN healthy enough", probed, "61s", times(2, says(messages.Healthy)), shut, "service recovered", ""},
		{"HALF_OPEN degraded", probed, "61s", says(messages.Degraded), half, "", "payments"},
		{"HALF_OPEN degraded where slow calls matter", probed, "61s", then(configured(slowMatters), says(messages.Degraded)), up, "probe 'payments' is DEGRADED", ""},
		{"HALF_OPEN unhealthy", probed, "61s", says(messages.Unhealthy), up, "probe 'payments' is UNHEALTHY", ""},
		{"HALF_OPEN healthy, then unhealthy", probed, "61s", then(says(messages.Healthy), says(messages.Unhealthy)), up, "probe 'payments' is UNHEALTHY", ""},
		{"HALF_OPEN unhealthy, said twice", probed, "61s", then(says(messages.Unhealthy), saysLate(messages.Healthy)), up, "", ""},
		{"HALF_OPEN no such check", probed, "61s", says(messages.Unknown), half, "", ""},
		{"HALF_OPEN no such check, a caller fails", probed, "61s", then(says(messages.Unknown), call, failure), up, "a trial failed", ""},
		{"HALF_OPEN no such check, callers succeed", probed, "61s", then(says(messages.Unknown), call, success, call, success), shut, "service recovered", ""},
		{"HALF_OPEN no such check, a late result", probed, "61s", then(says(messages.Unknown), saysLate(messages.Unhealthy)), half, "", ""},
		{"HALF_OPEN not due", probed, "69s", tick, half, "", ""},
		{"HALF_OPEN overdue", probed, "70s", tick, up, "probe 'payments' did not report within 10s", ""},
		{"HALF_OPEN overdue when it answers", probed, "70s", says(messages.Healthy), up, "probe 'payments' did not report within 10s", ""},
		{"HALF_OPEN overdue at the next call", probed, "70s", call, up, "probe 'payments' did not report within 10s", ""},
		{"HALF_OPEN the next run has its own deadline", probed, "69s", then(says(messages.Healthy), tick), half, "", ""},
		{"HALF_OPEN another epoch", probed, "61s", saysLate(messages.Unhealthy), half, "", ""},
		{"HALF_OPEN another probe", probed, "61s", then(configured(another), says(messages.Healthy)), half, "", "payments"},
		{"HALF_OPEN no probe any more", probed, "61s", then(configured(none), call), half, "", ""},
		{"HALF_OPEN fewer to close", probed, "61s", then(says(messages.Healthy), configured(Config{HalfOpenMaxCalls: 1}), says(messages.Healthy)), shut, "service recovered", ""},
		{"HALF_OPEN a probe comes while callers try", func(m *machine) { m.cfg = checked(none); probed(m); call(m, noon.Add(time.Minute)) }, "61s",
			then(configured(cfg), success), half, "", ""},
		{"Reset", probed, "61s", then(order(messages.Reset), saysLate(messages.Unhealthy)), shut, "", ""},
		{"ForceOpen", probed, "61s", then(order(messages.ForceOpen), saysLate(messages.Healthy)), up, "", ""},
		{"Disable", probed, "61s", then(order(messages.Disable), saysLate(messages.Unhealthy)), shut, "", ""},
		{"CLOSED an old answer", closed, "1s", saysLate(messages.Unhealthy), shut, "", ""},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, cfg)
			row.from(m)
			before := m.totals
			e := row.do(m, at(t, row.now))
			require.Equal(t, row.want, m.state)
			require.Equal(t, row.reason, reasonOf(e))
			require.Equal(t, row.asks != "", e.ask != nil)
			if row.asks != "" {
				require.Equal(t, &messages.Probe{Permit: messages.Permit{Epoch: m.epoch, Trial: m.lastTrial},
					Check: row.asks, Until: at(t, row.now).Add(10 * time.Second)}, e.ask)
			}
			require.LessOrEqual(t, m.totals.Late, before.Late, "a run of the probe is no call")
		})
	}
}

func checked(cfg Config) *Config {
	cfg, err := cfg.Normalize("api")
	if err != nil {
		panic(err)
	}
	return &cfg
}

func TestAProbeThatDoesNotExistIsReported(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, Probe: "payments"})
	failure(m, noon)
	m.tick(m.until)
	e := says(messages.Unknown)(m, at(t, "61s"))
	require.Equal(t, &messages.ProbeUnanswered{Probe: "payments", Reason: "why"}, e.unanswered)
	require.False(t, e.changed)
	p, admitted, _ := m.call(at(t, "61s"), messages.Call{})
	require.True(t, admitted)
	require.NotZero(t, p.Trial)
}

func TestTheRunsOfAProbeAreNotCountedAsCalls(t *testing.T) {
	m := newTestMachine(t, Config{FailureThreshold: 1, Probe: "payments", TrialTimeout: time.Second, ResetBackoff: 2})
	failure(m, noon)
	want := m.totals
	for range 3 {
		want.Entered[messages.Open]++
		want.Entered[messages.HalfOpen]++
		m.tick(m.until)
		says(messages.Healthy)(m, m.trials[0].deadline.Add(-1))
		m.tick(m.trials[0].deadline)
		require.Equal(t, messages.Open, m.state)
	}
	require.Equal(t, want, m.totals)
	require.Equal(t, 1, m.streak)
	require.Equal(t, 3, m.reopenings, "each waits longer")
	m.tick(m.until)
	times(3, says(messages.Healthy))(m, noon)
	require.Equal(t, messages.Closed, m.state)
	require.Zero(t, m.reopenings)
	require.Zero(t, m.streak)
	want.Entered[messages.HalfOpen]++
	want.Entered[messages.Closed]++
	require.Equal(t, want, m.totals)
}
