package health

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func TestChangesAreRemembered(t *testing.T) {
	m := newMachine(Config{UnhealthyAfter: 2})
	require.Equal(t, "HHHHUUUD", outcomes(m, "huhuuuud"))
	changes := m.view(at(800)).read(at(800)).Changes
	require.Equal(t, []Change{
		{From: messages.Unknown, To: messages.Healthy, At: at(1)},
		{From: messages.Healthy, To: messages.Unhealthy, At: at(401), Lasted: 400 * time.Second, Failures: 2},
		{From: messages.Unhealthy, To: messages.Degraded, At: at(701), Lasted: 300 * time.Second, Failures: 4,
			Message: "recovered after 4 failures, 400.0s"},
	}, changes)
	for range 100 {
		outcomes(m, "uuh")
	}
	require.Len(t, m.changes, changesKept)
	require.Equal(t, "recovered after 2 failures, 200.0s", m.changes[changesKept-1].Message)
}

func TestFlapping(t *testing.T) {
	m := newMachine(Config{Interval: time.Minute})
	outcomes(m, "huhuh") // a change each 100 s, the first from UNKNOWN
	require.False(t, m.view(at(500)).read(at(500)).Flapping)
	outcomes(m, "u")
	m = newMachine(Config{Interval: time.Minute})
	outcomes(m, "huhuhu")
	require.True(t, m.view(at(501)).read(at(501)).Flapping)
	require.True(t, m.view(at(501)).read(at(1301)).Flapping)
	require.False(t, m.view(at(501)).read(at(1302)).Flapping, "when it has calmed down")
}
