package tests

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// A run is h healthy, d degraded, u an error, p a panic; the status found
// after it is H, D or U.
//
// Promise (Health): The status changes after UnhealthyAfter failures or HealthyAfter successes. The message changes at once.
func TestStreaksDecideTheStatus(t *testing.T) {
	rows := []struct {
		name   string
		cfg    api.CheckConfig
		script string
	}{
		{"at once by default", api.CheckConfig{}, "hH uU hH dD uU dD"},
		{"the first result sets the status at once", api.CheckConfig{UnhealthyAfter: 3, HealthyAfter: 3}, "uU"},
		{"and so does a first good one", api.CheckConfig{UnhealthyAfter: 3, HealthyAfter: 3}, "hH"},
		{"UnhealthyAfter failures in a row", api.CheckConfig{UnhealthyAfter: 3}, "hH uH uH uU"},
		{"a success between starts over", api.CheckConfig{UnhealthyAfter: 2}, "hH uH hH uH uU"},
		{"a degraded run is no failure", api.CheckConfig{UnhealthyAfter: 2}, "hH uH dD uD uU"},
		{"HealthyAfter successes in a row", api.CheckConfig{HealthyAfter: 3}, "uU hU hU hH"},
		{"a failure between starts over", api.CheckConfig{HealthyAfter: 2}, "uU hU uU hU hH"},
		{"HealthyAfter delays only leaving unhealthy", api.CheckConfig{HealthyAfter: 3}, "hH dD hH"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				var next string
				check := func(context.Context) (api.Details, error) {
					return nil, map[string]error{"d": api.Degrade("so so"), "u": errBoom}[next]
				}
				row.cfg.Interval = api.OnDemand
				for i, step := range strings.Fields(row.script) {
					next = step[:1]
					if i == 0 {
						register(t, s, "db", row.cfg, check)
						last(t, s, "db")
					} else {
						s.Health().Run(context.Background(), "db")
					}
					want := map[string]api.Status{"H": api.Healthy, "D": api.Degraded, "U": api.Unhealthy}[step[1:]]
					require.Equal(t, want, last(t, s, "db").Status, "step %d of %q", i+1, row.script)
				}
			})
		})
	}
}

// Promise (Health): The status changes after UnhealthyAfter failures or HealthyAfter successes. The message changes at once.
func TestTheMessageChangesAtOnceTheStatusWhenTheStreakSaysSo(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var c sick
		h := register(t, s, "db", api.CheckConfig{Interval: api.OnDemand, UnhealthyAfter: 2}, c.check)
		last(t, s, "db")
		c.failing.Store(true)
		got := h.Run(context.Background(), "db")
		require.Equal(t, api.Healthy, got.Status)
		require.Contains(t, got.Message, "boom")
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
