package breaker

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func TestALeaseCountsUntilItIsSealed(t *testing.T) {
	l := &Lease{}
	require.True(t, l.add())
	require.True(t, l.add())
	count, wasLent := l.freeze()
	require.True(t, wasLent)
	require.EqualValues(t, 2, count)
	require.False(t, l.add(), "sealed")
	require.False(t, l.addContended(), "sealed")

	again, wasLent := l.freeze()
	require.False(t, wasLent)
	require.Zero(t, again, "a sealed lease holds nothing more")

	l.thaw(count)
	require.True(t, l.add(), "thawed")
	count, _ = l.freeze()
	require.EqualValues(t, 3, count, "additions while it was sealed are not counted")
}

func TestALeaseShowsTheMachine(t *testing.T) {
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
			l := newLease("api", m, nil, at(t, row.now), nil)
			require.Equal(t, row.plain, l.plain)
			require.Equal(t, row.sealed, !l.add())
			require.Equal(t, m.state, l.state)
			require.Equal(t, m.mode, l.mode)
			require.Equal(t, m.epoch, l.epoch)
			if row.says == "" {
				require.Nil(t, l.refusal)
				return
			}
			require.EqualError(t, l.refusal, row.says)
			require.ErrorIs(t, l.refusal, messages.ErrCircuitOpen)
			require.Same(t, l.refusal, newLease("api", m, l, at(t, row.now), nil).refusal, "one error an opening")
		})
	}
}

func TestARefusalSaysTheTimeThatRemains(t *testing.T) {
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
		l := &Lease{state: messages.Open, refusal: &messages.CircuitOpenError{Until: time.Now().Add(time.Minute)}}
		require.Equal(t, messages.Open, l.stateNow())
		time.Sleep(time.Minute)
		require.Equal(t, messages.HalfOpen, l.stateNow(), "no timer has run")
		require.Equal(t, messages.Open, (&Lease{state: messages.Open}).stateNow(), "forced open has no end")
	})
}
