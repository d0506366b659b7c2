package tests

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health): An open circuit degrades the status and takes no endpoint down, except with Strict.
func TestHealthShowsBreakers(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := s.Health()
		require.NoError(t, h.Register("circuits", api.CheckConfig{Interval: time.Second}, s.BreakersCheck()))
		payments, err := s.Breaker("payments", api.BreakerConfig{ResetTimeout: 10 * time.Second})
		require.NoError(t, err)
		reviews, err := s.Breaker("reviews", api.BreakerConfig{})
		require.NoError(t, err)
		require.NoError(t, h.Register("reviews", api.CheckConfig{Interval: time.Second}, api.Strict(s.BreakersCheck(reviews))))
		time.Sleep(2 * time.Second)
		require.Equal(t, api.Healthy, h.Snapshot().Status)

		require.NoError(t, payments.ForceOpen())
		time.Sleep(2 * time.Second)
		require.Equal(t, []string{"circuits DEGRADED 1 of 2 circuits not closed: payments OPEN", "reviews HEALTHY "}, statuses(h.Snapshot()))
		require.Equal(t, api.Details{"payments": "OPEN"}, h.Snapshot().Checks[0].Details)
		require.Equal(t, 200, visit(h.Handler(), http.MethodGet, "/readyz").Code, "an open circuit does not take the pod down")

		require.NoError(t, payments.Reset())
		require.NoError(t, reviews.ForceOpen())
		time.Sleep(2 * time.Second)
		require.Equal(t, "reviews UNHEALTHY 1 of 1 circuits not closed: reviews OPEN", statuses(h.Snapshot())[1])
		require.Equal(t, 503, visit(h.Handler(), http.MethodGet, "/readyz").Code, "unless asked")
	})
}

// Promise (Health): A check of breakers counts a breaker that it is given twice once, and keeps no slice of the caller.
func TestABreakerThatIsGivenTwiceCountsOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		a, b := named(t, s, "a"), named(t, s, "b")
		require.NoError(t, a.ForceOpen())
		mine := []*api.Breaker{b, a, b, a}
		register(t, s, "circuits", onDemand, s.BreakersCheck(mine...))
		clear(mine)
		require.Equal(t, "1 of 2 circuits not closed: a OPEN", s.Health().Run(t.Context(), "circuits").Message)
	})
}

// Promise (Health): A check of all breakers names at most ten that are not CLOSED.
func TestHealthNamesFewOfManyOpenBreakers(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := s.Health()
		for i := range 30 {
			b, err := s.Breaker(fmt.Sprintf("b%02d", i), api.BreakerConfig{})
			require.NoError(t, err)
			require.NoError(t, b.ForceOpen())
		}
		require.NoError(t, h.Register("circuits", api.CheckConfig{Interval: api.OnDemand}, s.BreakersCheck()))
		synctest.Wait()
		r := h.Snapshot().Checks[0]
		require.Len(t, r.Details, 30)
		require.Contains(t, r.Message, "30 of 30 circuits not closed: b00 OPEN, b01 OPEN, ")
		require.Contains(t, r.Message, ", b09 OPEN, and 20 more")
		require.ErrorIs(t, h.Register("x", api.CheckConfig{}, s.BreakersCheck(nil)), api.ErrConfig)
		require.ErrorIs(t, h.Register("x", api.CheckConfig{}, api.Strict(nil)), api.ErrConfig)
	})
}
