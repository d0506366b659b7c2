package breaker

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// input is one thing that happens to a machine.
type input func(m *machine, now time.Time) effects

func call(m *machine, now time.Time) effects {
	_, _, e := m.call(now, messages.Call{})
	return e
}

// ends ends the newest call that was admitted in this epoch.
func ends(outcome messages.Outcome, slow bool) input {
	return func(m *machine, now time.Time) effects {
		p := messages.Permit{Epoch: m.epoch}
		if n := len(m.trials); n > 0 {
			p.Trial = m.trials[n-1].id
		}
		return m.result(now, &messages.Result{Permit: p, Outcome: outcome, Slow: slow})
	}
}

var (
	success     = ends(messages.Success, false)
	slowSuccess = ends(messages.Success, true)
	failure     = ends(messages.Failure, false)
	slowFailure = ends(messages.Failure, true)
	ignored     = ends(messages.Ignored, false)
	tick        = input((*machine).tick)
)

// late ends a call that was admitted in the epoch before.
func late(outcome messages.Outcome) input {
	return func(m *machine, now time.Time) effects {
		return m.result(now, &messages.Result{Permit: messages.Permit{Epoch: m.epoch - 1}, Outcome: outcome})
	}
}

func order(o messages.Order) input {
	return func(m *machine, now time.Time) effects { return m.control(now, messages.Control{Order: o}) }
}

// then does one after the other.
func then(inputs ...input) input {
	return func(m *machine, now time.Time) (e effects) {
		for _, in := range inputs {
			e = in(m, now)
		}
		return e
	}
}

func times(n int, in input) input {
	return func(m *machine, now time.Time) (e effects) {
		for range n {
			e = in(m, now)
		}
		return e
	}
}

func nothing(*machine, time.Time) effects { return effects{} }

// Where rows begin: everything up to there happens at noon, a reset timeout
// later for half-open.
func closed(*machine) {}

func open(m *machine) { times(m.cfg.FailureThreshold, failure)(m, noon) }

func halfOpen(m *machine) { open(m); m.tick(m.until) }

func running(trials int) func(*machine) {
	return func(m *machine) { open(m); times(trials, call)(m, m.until) }
}

func forced(m *machine) { m.control(noon, messages.Control{Order: messages.ForceOpen}) }

func disabled(m *machine) { m.control(noon, messages.Control{Order: messages.Disable}) }

// TestEveryInputInEveryState is doc.go's table, row by row. The circuit opens
// after two failures, tries again after a minute with two trials of ten seconds.
func TestEveryInputInEveryState(t *testing.T) {
	const (
		shut = messages.Closed
		up   = messages.Open
		half = messages.HalfOpen
	)
	cfg := Config{FailureThreshold: 2, HalfOpenMaxCalls: 2, TrialTimeout: 10 * time.Second}
	for _, row := range []struct {
		what   string
		from   func(*machine)
		now    string
		do     input
		want   messages.State
		reason string // of the change; none: nothing changed
	}{
		{"CLOSED call", closed, "0s", call, shut, ""},
		{"CLOSED success", closed, "0s", success, shut, ""},
		{"CLOSED failure", closed, "0s", failure, shut, ""},
		{"CLOSED failures", closed, "0s", times(2, failure), up, "2 failures"},
		{"CLOSED a success between", closed, "0s", then(failure, success, failure), shut, ""},
		{"CLOSED an ignored between", closed, "0s", then(failure, ignored, failure), up, "2 failures"},
		{"CLOSED a late one between", closed, "0s", then(failure, late(messages.Success), failure), up, "2 failures"},
		{"CLOSED late failures", closed, "0s", times(9, late(messages.Failure)), shut, ""},
		{"CLOSED tick", closed, "1h", tick, shut, ""},
		{"CLOSED Reset", closed, "0s", order(messages.Reset), shut, ""},
		{"CLOSED ForceOpen", closed, "0s", order(messages.ForceOpen), up, "forced open"},
		{"CLOSED Disable", closed, "0s", order(messages.Disable), shut, "disabled"},

		{"OPEN call", open, "59s", call, up, ""},
		{"OPEN call, the timer is late", open, "60s", call, half, "reset timeout is over"},
		{"OPEN success", open, "1s", late(messages.Success), up, ""},
		{"OPEN failure", open, "1s", late(messages.Failure), up, ""},
		{"OPEN ignored", open, "1s", late(messages.Ignored), up, ""},
		{"OPEN early tick", open, "59.999s", tick, up, ""},
		{"OPEN tick", open, "60s", tick, half, "reset timeout is over"},
		{"OPEN late tick", open, "1h", tick, half, "reset timeout is over"},
		{"OPEN Reset", open, "1s", order(messages.Reset), shut, "reset"},
		{"OPEN ForceOpen", open, "1s", order(messages.ForceOpen), up, "forced open"},
		{"OPEN Disable", open, "1s", order(messages.Disable), shut, "disabled"},

		{"HALF_OPEN call", halfOpen, "60s", call, half, ""},
		{"HALF_OPEN one call too many", running(2), "60s", call, half, ""},
		{"HALF_OPEN success", running(2), "61s", success, half, ""},
		{"HALF_OPEN successes", running(2), "61s", times(2, success), shut, "service recovered"},
		{"HALF_OPEN failure", running(2), "61s", failure, up, "a trial failed"},
		{"HALF_OPEN failure after a success", running(2), "61s", then(success, failure), up, "a trial failed"},
		{"HALF_OPEN ignored", running(2), "61s", ignored, half, ""},
		{"HALF_OPEN ignored does not close", running(2), "61s", then(success, ignored), half, ""},
		{"HALF_OPEN a slow trial, no rate set", running(2), "61s", slowSuccess, half, ""},
		{"HALF_OPEN late success", running(2), "61s", times(9, late(messages.Success)), half, ""},
		{"HALF_OPEN late failure", running(2), "61s", late(messages.Failure), half, ""},
		{"HALF_OPEN tick, no trial", halfOpen, "1h", tick, half, ""},
		{"HALF_OPEN tick, a trial not yet due", running(1), "69s", tick, half, ""},
		{"HALF_OPEN tick, a trial due", running(1), "70s", tick, up, "a trial did not report within 10s"},
		{"HALF_OPEN a success in time for its deadline", running(1), "69.999s", success, half, ""},
		{"HALF_OPEN a success at its deadline", running(1), "70s", success, up, ""},
		{"HALF_OPEN Reset", running(1), "61s", order(messages.Reset), shut, "reset"},
		{"HALF_OPEN ForceOpen", running(1), "61s", order(messages.ForceOpen), up, "forced open"},
		{"HALF_OPEN Disable", running(1), "61s", order(messages.Disable), shut, "disabled"},

		{"forced open call", forced, "1h", call, up, ""},
		{"forced open tick", forced, "1h", tick, up, ""},
		{"forced open again", forced, "1h", order(messages.ForceOpen), up, ""},
		{"forced open Reset", forced, "1h", order(messages.Reset), shut, "reset"},
		{"disabled failures", disabled, "0s", times(99, failure), shut, ""},
		{"disabled then Reset", disabled, "0s", then(times(99, failure), order(messages.Reset)), shut, "reset"},
		{"disabled, Reset, failures", disabled, "0s", then(order(messages.Reset), times(2, failure)), up, "2 failures"},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, cfg)
			row.from(m)
			before, epoch := m.state, m.epoch
			e := row.do(m, at(t, row.now))
			require.Equal(t, row.want, m.state)
			if row.reason != "" {
				require.True(t, e.changed)
				require.Equal(t, row.reason, reasonOf(e))
				require.Equal(t, before, e.change.From)
				require.Equal(t, row.want, e.change.To)
				require.Greater(t, m.epoch, epoch)
			}
			if before == row.want && row.reason == "" {
				require.False(t, e.changed)
			}
		})
	}
}

func TestWhatIsCounted(t *testing.T) {
	type stats = messages.BreakerStats
	cfg := Config{FailureThreshold: 2, HalfOpenMaxCalls: 2, TrialTimeout: 10 * time.Second}
	for _, row := range []struct {
		what string
		from func(*machine)
		now  string
		do   input
		want stats // on top of what from counted
	}{
		{"CLOSED call", closed, "0s", call, stats{}},
		{"CLOSED success", closed, "0s", success, stats{Successes: 1}},
		{"CLOSED slow success", closed, "0s", slowSuccess, stats{Successes: 1, Slow: 1}},
		{"CLOSED failure", closed, "0s", failure, stats{Failures: 1}},
		{"CLOSED slow failure", closed, "0s", slowFailure, stats{Failures: 1, Slow: 1}},
		{"CLOSED opening", closed, "0s", times(2, failure), stats{Failures: 2, Opened: 1}},
		{"CLOSED ignored", closed, "0s", ignored, stats{Ignored: 1}},
		{"CLOSED late, of every kind", closed, "0s", then(late(messages.Success), late(messages.Failure), late(messages.Ignored)), stats{Late: 3}},
		{"OPEN refusal", open, "1s", call, stats{Rejected: 1}},
		{"OPEN forced open is the same opening", open, "1s", order(messages.ForceOpen), stats{}},
		{"HALF_OPEN trial", halfOpen, "60s", call, stats{Trials: 1}},
		{"HALF_OPEN refusal", running(2), "60s", call, stats{Rejected: 1}},
		{"HALF_OPEN success", running(2), "61s", success, stats{Successes: 1, Trials: -1}},
		{"HALF_OPEN ignored", running(2), "61s", ignored, stats{Ignored: 1, Trials: -1}},
		{"HALF_OPEN failure ends all trials", running(2), "61s", failure, stats{Failures: 1, Opened: 1, Trials: -2}},
		{"HALF_OPEN one overdue trial", running(1), "70s", tick, stats{Failures: 1, Opened: 1, Trials: -1}},
		{"HALF_OPEN overdue trials are one failure", running(2), "70s", tick, stats{Failures: 1, Opened: 1, Trials: -2}},
		{"HALF_OPEN the report of an overdue trial", running(1), "70s", success, stats{Failures: 1, Opened: 1, Late: 1, Trials: -1}},
		{"forced open", closed, "0s", order(messages.ForceOpen), stats{Opened: 1}},
		{"disabled", disabled, "0s", then(failure, failure, failure, success), stats{Failures: 3, Successes: 1}},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, cfg)
			row.from(m)
			before, trials := m.totals, len(m.trials)
			row.do(m, at(t, row.now))
			require.Equal(t, row.want, stats{
				Successes: m.totals.Successes - before.Successes, Failures: m.totals.Failures - before.Failures,
				Ignored: m.totals.Ignored - before.Ignored, Rejected: m.totals.Rejected - before.Rejected,
				Late: m.totals.Late - before.Late, Slow: m.totals.Slow - before.Slow, Opened: m.totals.Entered[messages.Open] - before.Entered[messages.Open],
				Trials: len(m.trials) - trials,
			})
		})
	}
}

func TestRatesOpenTheCircuit(t *testing.T) {
	half := Config{FailureThreshold: Off, FailureRate: 0.5, MinimumCalls: 4, Window: CountWindow(10)}
	slow := Config{FailureThreshold: Off, SlowCall: time.Second, SlowCallRate: 0.5, MinimumCalls: 4, Window: CountWindow(10)}
	tenSeconds := Config{FailureThreshold: Off, FailureRate: 0.5, MinimumCalls: 4, Window: TimeWindow(10 * time.Second)}
	for _, row := range []struct {
		what   string
		cfg    Config
		do     input // at noon
		now    string
		last   input
		reason string
	}{
		{"too few calls", half, times(2, failure), "0s", failure, ""},
		{"enough calls", half, times(3, failure), "0s", failure, "4 failures in 4 calls"},
		{"the share is reached", half, then(success, success, failure), "0s", failure, "2 failures in 4 calls"},
		{"the share is not reached", half, then(times(3, success), failure), "0s", failure, ""},
		{"a success is not judged", half, times(3, failure), "0s", success, ""},
		{"an ignored one is not judged, nor counted", half, times(3, failure), "0s", ignored, ""},
		{"ignored ones do not make up the minimum", half, then(times(9, ignored), times(2, failure)), "0s", failure, ""},
		{"a failure after the success that was not judged", half, then(times(3, failure), success), "0s", failure, "4 failures in 5 calls"},
		{"failures leave a count window", half, then(times(3, failure), times(8, success)), "0s", failure, ""},
		{"failures leave a time window", tenSeconds, times(3, failure), "10s", failure, ""},
		{"failures are in the time window still", tenSeconds, times(3, failure), "8.9s", failure, "4 failures in 4 calls"},

		{"slow calls are no failures", half, times(9, slowSuccess), "0s", slowSuccess, ""},
		{"slow calls", slow, times(3, slowSuccess), "0s", slowSuccess, "4 slow calls in 4"},
		{"slow calls at their share", slow, then(success, success, slowSuccess), "0s", slowSuccess, "2 slow calls in 4"},
		{"slow failures are slow calls", slow, times(3, slowFailure), "0s", slowFailure, "4 slow calls in 4"},
		{"fast failures are not", slow, times(9, failure), "0s", failure, ""},
		{"a slow call is judged when it arrives", slow, then(times(2, slowSuccess), success), "0s", slowSuccess, "3 slow calls in 4"},

		{"no rate, no threshold: never", Config{FailureThreshold: Off}, times(200, failure), "0s", slowFailure, ""},
		{"the streak counts beside the rate", Config{FailureThreshold: 2, FailureRate: 1, Window: CountWindow(10)}, failure, "0s", failure, "2 failures"},
		{"one failure is enough", Config{FailureThreshold: 1}, nothing, "0s", failure, "1 failure"},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, row.cfg)
			row.do(m, noon)
			require.Equal(t, messages.Closed, m.state)
			e := row.last(m, at(t, row.now))
			require.Equal(t, row.reason, reasonOf(e))
			require.Equal(t, row.reason != "", m.state == messages.Open)
		})
	}
}

// reasonOf returns the reason of a change; "" if no state was entered.
func reasonOf(e effects) string {
	if e.change == nil {
		return ""
	}
	return e.change.Reason
}
