package breaker

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func TestALeaseCountsUntilItIsSealed(t *testing.T) {
	v := &view{}
	require.True(t, v.count())
	require.True(t, v.count())
	count, wasLent := v.freeze()
	require.True(t, wasLent)
	require.EqualValues(t, 2, count)
	require.False(t, v.count(), "sealed")
	require.False(t, v.recount(), "sealed")

	again, wasLent := v.freeze()
	require.False(t, wasLent)
	require.Zero(t, again, "a sealed lease holds nothing more")

	v.thaw(count)
	require.True(t, v.count(), "thawed")
	count, _ = v.freeze()
	require.EqualValues(t, 3, count, "what came in vain while it was sealed is not counted")
}

func TestAViewShowsTheMachine(t *testing.T) {
	for _, row := range []struct {
		what   string
		cfg    Config
		from   func(*machine)
		now    string
		plain  bool
		sealed bool
		says   string // the refusal; none: calls are admitted
	}{
		{"CLOSED", Config{}, closed, "0s", true, false, ""},
		{"CLOSED, slow calls matter", Config{SlowCall: 1}, closed, "0s", false, false, ""},
		{"CLOSED, a quiet time window", Config{FailureRate: 1, Window: TimeWindow(time.Second)}, closed, "0s", true, true, ""},
		{"OPEN", Config{FailureThreshold: 1}, open, "0s", false, false, "Circuit breaker 'api' is open. Resets in 0.0s"},
		{"HALF_OPEN", Config{FailureThreshold: 1}, halfOpen, "60s", false, true, "Circuit breaker 'api' is half-open and all its trials are taken"},
		{"forced open", Config{}, forced, "0s", false, false, "Circuit breaker 'api' is forced open until it is reset"},
		{"disabled", Config{}, disabled, "0s", true, false, ""},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, row.cfg)
			row.from(m)
			v := newView("api", m, nil, at(t, row.now))
			require.Equal(t, row.plain, v.plain)
			require.Equal(t, row.sealed, !v.count())
			require.Equal(t, m.state, v.state)
			require.Equal(t, m.mode, v.mode)
			require.Equal(t, m.epoch, v.epoch)
			if row.says == "" {
				require.Nil(t, v.refusal)
				return
			}
			require.EqualError(t, v.refusal, row.says)
			require.ErrorIs(t, v.refusal, messages.ErrCircuitOpen)
			require.Same(t, v.refusal, newView("api", m, v, at(t, row.now)).refusal, "one error an opening")
		})
	}
}

func TestARefusalTellsTheTimeThatRemains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := &messages.CircuitOpenError{Name: "api", State: messages.Open, Until: time.Now().Add(time.Minute)}
		time.Sleep(20 * time.Second)
		require.EqualError(t, e, "Circuit breaker 'api' is open. Resets in 40.0s")
		require.Equal(t, 40*time.Second, e.RetryAfter())
		time.Sleep(time.Hour)
		require.Zero(t, e.RetryAfter())
	})
}

func TestTheStateIsReadAsOfNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := &view{state: messages.Open, until: time.Now().Add(time.Minute)}
		require.Equal(t, messages.Open, v.stateNow())
		time.Sleep(time.Minute)
		require.Equal(t, messages.HalfOpen, v.stateNow(), "no timer has run")
		require.Equal(t, messages.Open, (&view{state: messages.Open}).stateNow(), "forced open has no end")
	})
}
