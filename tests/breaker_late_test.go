package tests

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// A result of a call admitted before the last change of state is late: it is
// counted in Late only and moves nothing.
//
// Promise (Circuit breaker): Results from before the last change of state, Reset, ForceOpen or Disable count as late and change nothing else.
func TestLateResultsMoveNothing(t *testing.T) {
	rows := []struct {
		name   string
		change func(t *testing.T, b *api.Breaker)
		state  api.State
	}{
		{"admitted before it opened", func(t *testing.T, b *api.Breaker) { play(t, b, "ff") }, api.Open},
		{"admitted before trials began", func(t *testing.T, b *api.Breaker) { play(t, b, "ff 60s") }, api.HalfOpen},
		{"admitted before it recovered", func(t *testing.T, b *api.Breaker) { play(t, b, "ff 60s sss") }, api.Closed},
		{"admitted before Reset", func(t *testing.T, b *api.Breaker) { require.NoError(t, b.Reset()) }, api.Closed},
		{"admitted before ForceOpen", func(t *testing.T, b *api.Breaker) { require.NoError(t, b.ForceOpen()) }, api.Open},
		{"admitted before Disable", func(t *testing.T, b *api.Breaker) { require.NoError(t, b.Disable()) }, api.Closed},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
				good, bad, void := acquire(t, b), acquire(t, b), acquire(t, b)
				row.change(t, b)
				before := stats(t, b)
				require.Equal(t, row.state, before.State)

				good.Done(nil)
				bad.Done(errBoom)
				void.Cancel()
				after := stats(t, b)
				require.EqualValues(t, 3, after.Late)
				after.Late = 0
				require.Equal(t, before, after)
			})
		})
	}
}

// Promise (Circuit breaker): Results from before the last change of state, Reset, ForceOpen or Disable count as late and change nothing else.
func TestATrialOfAnEarlierHalfOpenIsLate(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, HalfOpenMaxCalls: 2, TrialTimeout: 1000 * 3600e9})
		play(t, b, "f 60s")
		old := acquire(t, b)
		play(t, b, "f OPEN 60s HALF_OPEN s")
		old.Done(nil)
		require.EqualValues(t, 1, stats(t, b).Late)
		play(t, b, "HALF_OPEN s CLOSED")
	})
}

// Promise (Circuit breaker): Configure makes no result late.
func TestConfigureMakesNoResultLate(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 3})
		p, q := acquire(t, b), acquire(t, b)
		require.NoError(t, b.Configure(api.BreakerConfig{FailureThreshold: 1}))
		p.Done(nil)
		require.Zero(t, stats(t, b).Late)
		q.Done(errBoom)
		require.Zero(t, stats(t, b).Late)
		play(t, b, "OPEN")
	})
}
