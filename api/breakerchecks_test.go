package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// When events were lost, the checks of breakers are updated from their state.
//
// Promise (Health): Checks of breakers are right after many changes, and after lost events.
func TestShownBreakersMakeUpForLostEvents(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, h *Health) {
		c := &breakerChecks{health: h, sys: s, cfg: ShowBreakersConfig{Most: 2}, entries: map[string]*breakerCheck{}} // it is not subscribed
		require.NoError(t, c.begin())
		var all []*Breaker
		for i := range 3 {
			b, err := s.Breaker(fmt.Sprint(i), BreakerConfig{})
			require.NoError(t, err)
			all = append(all, b)
		}
		c.onEvent(BreakerChanged{Name: "0", From: Closed, To: Open, Reason: "5 failures"})
		require.NoError(t, all[0].ForceOpen())
		require.NoError(t, all[2].ForceOpen())
		require.Equal(t, []string{"circuit:0 DEGRADED OPEN: 5 failures", "circuit:1 HEALTHY "}, statuses(h.Snapshot()))
		c.onEvent(Dropped{Count: 1})
		require.Equal(t, []string{"circuit:0 DEGRADED OPEN: forced open", "circuit:2 DEGRADED OPEN: forced open"}, statuses(h.Snapshot()))
		require.NoError(t, all[0].Reset())
		c.onEvent(Dropped{Count: 1})
		require.Equal(t, "circuit:0 HEALTHY ", statuses(h.Snapshot())[0])
		c.onEvent(BreakerChanged{Name: "nobody", From: Closed, To: Open})
		require.Len(t, h.Snapshot().Checks, 2)
	})
}

// BenchmarkMakeShownBreaker measures how long making a breaker takes while breakers
// are shown.
func BenchmarkMakeShownBreaker(b *testing.B) {
	for _, limit := range []int{0, 1000} {
		b.Run(fmt.Sprintf("shown=%d", limit), func(b *testing.B) {
			s, err := Start(SystemConfig{})
			require.NoError(b, err)
			defer s.Shutdown(b.Context())
			if limit > 0 {
				require.NoError(b, s.ShowBreakers(ShowBreakersConfig{Most: limit}))
			}
			began := time.Now()
			for i := range 100_000 {
				_, err := s.Breaker(fmt.Sprint(i), BreakerConfig{})
				require.NoError(b, err)
			}
			b.ReportMetric(float64(time.Since(began).Nanoseconds())/100_000, "ns/breaker")
		})
	}
}
