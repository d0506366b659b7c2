package health

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// Promise (Health): The result of a check is its status. The overall status is the worst of all, except that an optional UNHEALTHY check only degrades it.
func TestOverall(t *testing.T) {
	type check struct {
		status   messages.Status
		optional bool
	}
	h, d, u, n := check{messages.Healthy, false}, check{messages.Degraded, false}, check{messages.Unhealthy, false}, check{messages.Unknown, false}
	optional := func(c check) check { c.optional = true; return c }
	for _, row := range []struct {
		checks []check
		want   messages.Status
	}{
		{nil, messages.Healthy},
		{[]check{h, h}, messages.Healthy},
		{[]check{h, n}, messages.Unknown},
		{[]check{h, optional(n)}, messages.Unknown},
		{[]check{n, d}, messages.Degraded},
		{[]check{optional(d)}, messages.Degraded},
		{[]check{n, optional(u)}, messages.Degraded},
		{[]check{d, n, h, u}, messages.Unhealthy},
		{[]check{optional(u), u}, messages.Unhealthy},
	} {
		var all Overall
		for _, c := range row.checks {
			all.Add(Result{Status: c.status}, c.optional)
		}
		require.Equal(t, row.want, all.Status(), "%v", row.checks)
		require.Nil(t, all.RootCauses())
	}
}

// Promise (Health): A check does not run while one that it depends on is UNHEALTHY. It reads blocked, and names the root cause.
func TestRootCausesAreNamedOnce(t *testing.T) {
	var all Overall
	for _, by := range []string{"queue", "database", "", "queue"} {
		all.Add(Result{BlockedBy: by}, false)
	}
	require.Equal(t, []string{"database", "queue"}, all.RootCauses())
}
