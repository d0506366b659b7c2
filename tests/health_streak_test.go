package tests

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health): The status changes after UnhealthyAfter failures or HealthyAfter successes. The message changes at once.
func TestTheMessageChangesAtOnceTheStatusWhenTheStreakSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var c sick
		h := register(t, s, "db", api.CheckConfig{Interval: api.OnDemand, UnhealthyAfter: 2, HealthyAfter: 2}, c.check)
		last(t, s, "db")
		c.failing.Store(true)
		got := h.Run(context.Background(), "db")
		require.Equal(t, api.Healthy, got.Status)
		require.Contains(t, got.Message, "boom")
		require.Equal(t, api.Unhealthy, h.Run(context.Background(), "db").Status)
		c.failing.Store(false)
		got = h.Run(context.Background(), "db")
		require.Equal(t, api.Unhealthy, got.Status)
		require.NotContains(t, got.Message, "boom")
		require.Equal(t, api.Healthy, h.Run(context.Background(), "db").Status)
	})
}

// Promise (Health): Each change of status is an event.
func TestAChangeOfStatusIsAnEvent(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		tp := record(t, s)
		var c sick
		h := register(t, s, "db", onDemand, c.check)
		last(t, s, "db")
		c.failing.Store(true)
		h.Run(context.Background(), "db")
		h.Run(context.Background(), "db") // no change
		c.failing.Store(false)
		h.Run(context.Background(), "db")
		var got []string
		for _, e := range only[api.CheckChanged](tp) {
			require.Equal(t, "db", e.Name)
			got = append(got, e.From.String()+">"+e.To.String())
		}
		require.Equal(t, []string{"UNKNOWN>HEALTHY", "HEALTHY>UNHEALTHY", "UNHEALTHY>HEALTHY"}, got)
		require.Contains(t, only[api.CheckChanged](tp)[1].Message, "boom")
	})
}
