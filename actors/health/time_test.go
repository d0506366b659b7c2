package health

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func TestWakeReturnsWhenTheNextTickIsDue(t *testing.T) {
	m := newMachine(Config{Interval: 10 * time.Second, Timeout: 2 * time.Second})
	m.begin()
	require.True(t, m.wake().IsZero(), "no tick is due while it waits for a slot")
	m.granted(at(0), 0.5)
	require.Equal(t, at(2), m.wake(), "the timeout")
	m.result(messages.RunResult{At: at(1), Run: 1, Status: messages.Healthy})
	require.Equal(t, at(10), m.wake(), "the period runs from start to start")
	require.Equal(t, effects{}, m.tick(at(9.9)), "early")
	require.Equal(t, effects{acquire: true}, m.tick(at(10)))
	require.Equal(t, effects{}, m.tick(at(10)), "a stale tick is harmless")

	demand := newMachine(Config{Interval: OnDemand})
	demand.begin()
	demand.granted(at(0), 0.5)
	demand.result(messages.RunResult{At: at(1), Run: 1, Status: messages.Healthy})
	require.True(t, demand.wake().IsZero())
	require.Equal(t, effects{}, demand.tick(at(1e6)))
	require.Equal(t, messages.Healthy, demand.view(at(1)).read(at(1e6)).Status, "never stale")
}

func TestJitterIsTenPercent(t *testing.T) {
	for _, row := range []struct{ random, want float64 }{{0, 9}, {0.25, 9.5}, {0.5, 10}, {0.999999, 11}} {
		m := newMachine(Config{Interval: 10 * time.Second})
		m.begin()
		m.granted(t0, row.random)
		require.InDelta(t, row.want, m.next().Sub(t0).Seconds(), 1e-4)
	}
}

func TestItRunsMoreOftenWhileFailingOrRecovering(t *testing.T) {
	m := newMachine(Config{Interval: 60 * time.Second, FastInterval: 5 * time.Second, HealthyAfter: 3, UnhealthyAfter: 2})
	now := t0
	m.begin()
	for i, row := range []struct {
		status messages.Status
		next   time.Duration
	}{
		{messages.Healthy, 60 * time.Second},
		{messages.Unhealthy, 5 * time.Second}, // before the status says so
		{messages.Unhealthy, 10 * time.Second},
		{messages.Unhealthy, 20 * time.Second},
		{messages.Unhealthy, 40 * time.Second},
		{messages.Unhealthy, 60 * time.Second},
		{messages.Unhealthy, 60 * time.Second},
		{messages.Healthy, 5 * time.Second}, // recovering
		{messages.Degraded, 10 * time.Second},
		{messages.Healthy, 60 * time.Second}, // recovered
	} {
		m.granted(now, 0.5)
		m.result(messages.RunResult{At: now.Add(time.Second), Run: m.run, Status: row.status})
		require.Equal(t, row.next, m.wake().Sub(now), "run %d", i+1)
		now = m.wake()
		require.True(t, m.tick(now).acquire)
	}
}

// They all begin at once; each column of the table is a tenth of the interval.
func TestAThousandChecksSpreadOverTheirInterval(t *testing.T) {
	const interval = 10 * time.Second
	random := rand.New(rand.NewPCG(1, 2))
	fired := make([][10]int, 101) // in each interval, in each tenth of it
	for range 1000 {
		m := newMachine(Config{Interval: interval})
		m.begin()
		now := t0
		for last := t0; now.Before(t0.Add(99 * interval)); last = now {
			m.granted(now, random.Float64())
			m.result(messages.RunResult{At: now, Run: m.run, Status: messages.Healthy})
			now = m.wake()
			require.InDelta(t, 10, now.Sub(last).Seconds(), 1, "no two runs of one check are closer, or further apart")
			require.True(t, m.tick(now).acquire)
			tenth := int(now.Sub(t0) / (interval / 10))
			fired[tenth/10][tenth%10]++
		}
	}
	for i, tenths := range fired[7:98] {
		for _, n := range tenths {
			require.InDelta(t, 100, n, 45, "interval %d: %v", i+7, tenths)
		}
	}
}

func TestStaleResultsSaySo(t *testing.T) {
	m := newMachine(Config{Timeout: 2 * time.Second, Interval: 10 * time.Second})
	require.Equal(t, "UNKNOWN no result yet", reads(m, 3600))
	outcomes(m, "h")
	limit := (10*time.Second + 2*time.Second + slack).Seconds()
	require.Equal(t, "HEALTHY ", reads(m, limit))
	require.Equal(t, "UNKNOWN stale since 2026-01-01T00:00:17Z", reads(m, limit+0.1))
	v := m.view(at(1))
	require.Equal(t, messages.Healthy, v.status(at(limit)))
	require.Equal(t, messages.Unknown, v.status(at(limit+0.1)))
}

func TestTheLongestSettings(t *testing.T) {
	const endless = time.Duration(math.MaxInt64)
	m := newMachine(Config{Timeout: endless, Interval: endless, FastInterval: endless})
	m.begin()
	m.granted(at(0), 0.99)
	require.Greater(t, m.wake().Sub(at(0)), endless/2, "the timeout")
	m.result(messages.RunResult{At: at(1), Run: 1, Status: messages.Healthy})
	require.Greater(t, m.wake().Sub(at(0)), endless/2, "the next run")
	require.Equal(t, "HEALTHY ", reads(m, 1e6))
	for range 5 {
		m.enter(&effects{}, at(2), messages.Unhealthy)
		m.enter(&effects{}, at(3), messages.Healthy)
	}
	require.True(t, m.view(at(3)).read(at(3)).Flapping)
}

// A check that crashes again and again before it has run must not look fresh.
func TestARestartMakesNoOldResultFresh(t *testing.T) {
	m := newMachine(Config{Timeout: 2 * time.Second, Interval: 10 * time.Second})
	outcomes(m, "h")
	m.restart(false)
	require.Equal(t, messages.Unknown, m.view(at(60)).status(at(60)))
	outcomes(m, "p")
	m.restart(false)
	require.Equal(t, messages.Unhealthy, m.view(at(600)).status(at(600)), "it panicked, until it has run again")
}
