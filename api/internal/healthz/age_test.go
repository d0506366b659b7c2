package healthz

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/health"
)

// Promise (Health over HTTP and gRPC): Every format shows the age of a result. A result that was not renewed in time reads UNKNOWN.
func TestAgeIsInWholeSecondsOfTheClock(t *testing.T) {
	at := func(seconds float64) time.Time {
		return time.Unix(946684800, 0).Add(time.Duration(seconds * float64(time.Second)))
	}
	for _, row := range []struct {
		result, now float64
		age         age
	}{
		{10, 10, 0}, {10, 10.9, 0}, {10.9, 11, 1}, {10.1, 73.2, 63}, {10, 9, 0},
	} {
		age := ageOf(health.Result{Timestamp: at(row.result)}, at(row.now))
		require.False(t, age.IsZero())
		require.Equal(t, row.age, age)
	}
	require.True(t, ageOf(health.Result{}, at(1)).IsZero(), "no result yet")
}
