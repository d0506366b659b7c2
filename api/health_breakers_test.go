package api

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// Promise (Health): An open circuit degrades the status and takes no endpoint down, except with Strict.
func TestHealthShowsBreakers(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, h *Health) {
		require.NoError(t, h.Register("circuits", CheckConfig{Interval: time.Second}, s.BreakersCheck()))
		payments, err := s.Breaker("payments", BreakerConfig{ResetTimeout: 10 * time.Second})
		require.NoError(t, err)
		reviews, err := s.Breaker("reviews", BreakerConfig{})
		require.NoError(t, err)
		require.NoError(t, h.Register("reviews", CheckConfig{Interval: time.Second}, Strict(s.BreakersCheck(reviews))))
		time.Sleep(2 * time.Second)
		require.Equal(t, Healthy, h.Snapshot().Status)

		require.NoError(t, payments.ForceOpen())
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"circuits DEGRADED 1 of 2 circuits not closed: payments OPEN", "reviews HEALTHY "}, statuses(h.Snapshot()))
		require.Equal(t, Details{"payments": "OPEN"}, h.Snapshot().Checks[0].Details)
		code, _, _ := get(h.Handler(), "GET", "/readyz")
		require.Equal(t, 200, code, "an open circuit does not take the pod down")

		require.NoError(t, payments.Reset())
		require.NoError(t, reviews.ForceOpen())
		time.Sleep(2 * time.Second)
		require.Equal(t, "reviews UNHEALTHY 1 of 1 circuits not closed: reviews OPEN", statuses(h.Snapshot())[1])
		code, _, _ = get(h.Handler(), "GET", "/readyz")
		require.Equal(t, 503, code, "unless asked")
	})
}

// Promise (Health): A check of all breakers names at most ten that are not CLOSED.
func TestHealthNamesFewOfManyOpenBreakers(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, h *Health) {
		for i := range 30 {
			b, err := s.Breaker(fmt.Sprintf("b%02d", i), BreakerConfig{})
			require.NoError(t, err)
			require.NoError(t, b.ForceOpen())
		}
		require.NoError(t, h.Register("circuits", CheckConfig{Interval: OnDemand}, s.BreakersCheck()))
		synctest.Wait()
		r := h.Snapshot().Checks[0]
		require.Len(t, r.Details, 30)
		require.Contains(t, r.Message, "30 of 30 circuits not closed: b00 OPEN, b01 OPEN, ")
		require.Contains(t, r.Message, ", b09 OPEN, and 20 more")
		require.ErrorIs(t, h.Register("x", CheckConfig{}, s.BreakersCheck(nil)), ErrConfig)
		require.ErrorIs(t, h.Register("x", CheckConfig{}, Strict(nil)), ErrConfig)
	})
}
