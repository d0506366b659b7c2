package health

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return t0.Add(time.Duration(seconds * float64(time.Second))) }

// half is the draw that leaves an interval as it is.
func half() float64 { return 0.5 }

func newMachine(cfg Config) *machine {
	return &machine{cfg: cfg.withDefaults(), draw: half, last: Result{Name: "db"}}
}

// outcomes plays one run per letter, a second each: h healthy, d degraded,
// u unhealthy, t timed out, p panicked; and returns the status after each.
func outcomes(m *machine, letters string) string {
	var statuses strings.Builder
	for i, letter := range letters {
		start := at(float64(100 * i))
		if m.phase == crashed {
			m.restart(false)
		} else {
			m.begin()
		}
		m.granted(start)
		end := start.Add(time.Second)
		r := messages.RunResult{At: end, Run: m.run, Status: messages.Healthy}
		switch letter {
		case 'd':
			r.Status = messages.Degraded
		case 'u':
			r.Status = messages.Unhealthy
		case 't':
			r.At = m.deadline()
		case 'p':
			r.Panicked = true
		}
		m.result(r)
		statuses.WriteByte(m.status.String()[0])
	}
	return statuses.String()
}

func TestStatusFollowsTheStreaks(t *testing.T) {
	for _, row := range []struct {
		runs          string
		after, before int // UnhealthyAfter, HealthyAfter
		want          string
		why           string
	}{
		{"h", 3, 3, "H", "the first result sets the status at once"},
		{"d", 3, 3, "D", "the first result sets the status at once"},
		{"u", 3, 3, "U", "the first result sets the status at once"},
		{"t", 3, 3, "U", "the first result sets the status at once"},
		{"huh", 1, 1, "HUH", "by default one result is enough"},
		{"huuuh", 3, 1, "HHHUH", "the third failure in a row"},
		{"huuhuuu", 3, 1, "HHHHHHU", "a success ends the streak"},
		{"huuduuu", 3, 1, "HHHDDDU", "degraded is a success"},
		{"huutu", 3, 1, "HHHUU", "a timeout is a failure"},
		{"uhhhu", 1, 3, "UUUHU", "HealthyAfter delays leaving UNHEALTHY"},
		{"uhuhhh", 1, 3, "UUUUUH", "a failure ends the streak"},
		{"udhd", 1, 3, "UUUD", "degraded counts as a success, the last one names the status"},
		{"hdhd", 1, 3, "HDHD", "HealthyAfter delays nothing else"},
		{"dhdh", 3, 3, "DHDH", "HealthyAfter delays nothing else"},
		{"hp", 3, 1, "HU", "a panic is UNHEALTHY at once"},
		{"hph", 3, 1, "HUH", "until it has run again"},
		{"hphh", 3, 2, "HUUH", "HealthyAfter counts then too"},
		{"hpuhu", 2, 1, "HUUHH", "a panic is a failure"},
	} {
		t.Run(row.runs+" "+row.why, func(t *testing.T) {
			m := newMachine(Config{UnhealthyAfter: row.after, HealthyAfter: row.before})
			require.Equal(t, row.want, outcomes(m, row.runs), row.why)
		})
	}
}

func TestMessageChangesAtOnce(t *testing.T) {
	m := newMachine(Config{UnhealthyAfter: 3})
	outcomes(m, "h")
	m.begin()
	m.granted(at(20))
	e := m.result(messages.RunResult{At: at(21), Run: m.run, Status: messages.Unhealthy, Message: "refused"})
	require.True(t, e.publish)
	require.False(t, e.changed)
	r := m.view(at(21)).read(at(22))
	require.Equal(t, "HEALTHY refused", r.Status.String()+" "+r.Message)
	require.Equal(t, time.Second, r.Age)
	require.Equal(t, time.Second, r.Latency)
}

func TestOneRunInFlight(t *testing.T) {
	m := newMachine(Config{})
	require.Equal(t, effects{acquire: true}, m.begin())
	require.Equal(t, effects{}, m.call(at(0)), "joins the one that waits for a slot")
	require.Equal(t, effects{start: 1}, m.granted(at(1)))
	require.Equal(t, effects{}, m.call(at(2)), "joins the one in flight")
	require.Equal(t, effects{}, m.granted(at(3)), "it has one")
	require.Equal(t, effects{}, m.result(messages.RunResult{At: at(3), Run: 7}), "not the run in flight")
	e := m.result(messages.RunResult{At: at(3), Run: 1, Status: messages.Healthy})
	require.Equal(t, effects{publish: true, answer: true, release: true, changed: true}, e)
	require.Equal(t, effects{}, m.result(messages.RunResult{At: at(3), Run: 1}), "accepted once")
	require.Equal(t, effects{acquire: true}, m.call(at(4)))
	require.Equal(t, effects{start: 2}, m.granted(at(4)))
}

func TestTimeIsTold(t *testing.T) {
	m := newMachine(Config{Interval: 10 * time.Second, Timeout: 2 * time.Second})
	m.begin()
	require.True(t, m.wake().IsZero(), "waiting for a slot: nothing to wait for")
	m.granted(at(0))
	require.Equal(t, at(2), m.wake(), "the timeout")
	m.result(messages.RunResult{At: at(1), Run: 1, Status: messages.Healthy})
	require.Equal(t, at(10), m.wake(), "the period runs from start to start")
	require.Equal(t, effects{}, m.tick(at(9.9)), "early")
	require.Equal(t, effects{acquire: true}, m.tick(at(10)))
	require.Equal(t, effects{}, m.tick(at(10)), "a stale tick is harmless")

	demand := newMachine(Config{Interval: OnDemand})
	demand.begin()
	demand.granted(at(0))
	demand.result(messages.RunResult{At: at(1), Run: 1, Status: messages.Healthy})
	require.True(t, demand.wake().IsZero())
	require.Equal(t, effects{}, demand.tick(at(1e6)))
	require.Equal(t, messages.Healthy, demand.view(at(1)).read(at(1e6)).Status, "never stale")
}

func TestJitterIsTenPercent(t *testing.T) {
	for _, row := range []struct{ draw, want float64 }{{0, 9}, {0.25, 9.5}, {0.5, 10}, {0.999999, 11}} {
		m := newMachine(Config{Interval: 10 * time.Second})
		m.draw = func() float64 { return row.draw }
		require.InDelta(t, row.want, m.next().Sub(time.Time{}).Seconds(), 1e-4)
	}
}

func TestItLooksMoreOftenWhileFailingOrRecovering(t *testing.T) {
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
		m.granted(now)
		m.result(messages.RunResult{At: now.Add(time.Second), Run: m.run, Status: row.status})
		require.Equal(t, row.next, m.wake().Sub(now), "run %d", i+1)
		now = m.wake()
		require.True(t, m.tick(now).acquire)
	}
}

func TestAThousandChecksDoNotFireTogether(t *testing.T) {
	luck := rand.New(rand.NewPCG(1, 2))
	fired := map[int64]int{} // per 100 ms
	for range 1000 {
		m := newMachine(Config{})
		m.draw = luck.Float64
		m.begin()
		m.granted(t0)
		m.result(messages.RunResult{At: t0, Run: 1, Status: messages.Healthy})
		fired[m.wake().Sub(t0).Milliseconds()/100]++
	}
	require.Len(t, fired, 20, "from 9 s to 11 s")
	for _, n := range fired {
		require.Less(t, n, 100)
	}
}

func TestStuckCheck(t *testing.T) {
	m := newMachine(Config{Timeout: 2 * time.Second, Interval: 10 * time.Second, UnhealthyAfter: 3})
	outcomes(m, "h")
	m.begin()
	m.granted(at(200))
	e := m.tick(at(202))
	require.Equal(t, effects{publish: true, answer: true, release: true}, e, "a timeout is one failure")
	require.Equal(t, "HEALTHY timed out after 2.0s", reads(m, 202))
	require.Equal(t, at(203), m.wake())
	e = m.tick(at(203))
	require.Equal(t, effects{publish: true, changed: true, from: messages.Healthy}, e, "stuck")
	require.Equal(t, "UNHEALTHY timed out after 2.0s, stuck for 1.0s", reads(m, 203))
	require.Equal(t, "UNHEALTHY timed out after 2.0s, stuck for 100.5s", reads(m, 302.5), "computed when read")
	require.True(t, m.wake().IsZero())
	require.Equal(t, effects{answer: true}, m.call(at(303)), "what is known")
	require.Equal(t, effects{}, m.tick(at(400)), "not started again")

	e = m.result(messages.RunResult{At: at(500), Run: m.run, Status: messages.Healthy})
	require.Equal(t, effects{publish: true, answer: true, acquire: true}, e, "it returned, and is overdue")
	require.Equal(t, "timed out after 2.0s", m.view(at(500)).read(at(500)).Message, "its late word does not count")
	require.Equal(t, messages.Unhealthy, m.status)
}

func TestReturningTooLateIsATimeout(t *testing.T) {
	m := newMachine(Config{Timeout: 2 * time.Second})
	m.begin()
	m.granted(at(0))
	m.result(messages.RunResult{At: at(2), Run: 1, Status: messages.Healthy})
	require.Equal(t, "UNHEALTHY timed out after 2.0s", reads(m, 2))
}

func TestAskingAfterTheTimeoutButBeforeTheTick(t *testing.T) {
	m := newMachine(Config{Timeout: 2 * time.Second})
	m.begin()
	m.granted(at(0))
	require.True(t, m.call(at(3)).answer)
	require.Equal(t, "UNHEALTHY timed out after 2.0s, stuck for 1.0s", reads(m, 3))
}

func TestCrashAndRestart(t *testing.T) {
	m := newMachine(Config{})
	m.begin()
	m.granted(at(0))
	e := m.result(messages.RunResult{At: at(1), Run: 1, Panicked: true, Message: "panicked: oh"})
	require.Equal(t, effects{publish: true, answer: true, release: true, changed: true, crash: "panicked: oh"}, e)
	require.Equal(t, effects{answer: true}, m.call(at(2)))
	require.Equal(t, effects{}, m.tick(at(3600)))
	require.Equal(t, "UNHEALTHY panicked: oh", reads(m, 3600), "never stale: the restart is on its way")

	e = m.restart(false)
	require.Equal(t, effects{publish: true, restarted: true, acquire: true}, e)
	require.Equal(t, 1, m.last.Restarts)
	r := m.view(at(3600)).read(at(3601))
	require.Equal(t, "UNHEALTHY panicked: oh", r.Status.String()+" "+r.Message, "until it has run again")
	m.granted(at(3601))
	m.result(messages.RunResult{At: at(3602), Run: 2, Status: messages.Healthy})
	require.Equal(t, "HEALTHY ", reads(m, 3602))
}

func TestRestartKeepsTheRunInFlight(t *testing.T) {
	m := newMachine(Config{})
	m.begin()
	m.granted(at(0))
	require.Equal(t, effects{publish: true, restarted: true}, m.restart(true))
	require.Equal(t, at(10), m.wake())
	m.result(messages.RunResult{At: at(1), Run: 1, Status: messages.Healthy})
	require.Equal(t, "HEALTHY ", reads(m, 1))

	m.begin()
	m.granted(at(2))
	e := m.restart(false)
	require.True(t, e.acquire && e.release, "its result was lost in the crash: again")
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

// reads returns status and message as published now and read then.
func reads(m *machine, then float64) string {
	published := at(0)
	if !m.last.Timestamp.IsZero() {
		published = m.last.Timestamp
	}
	r := m.view(published).read(at(then))
	return r.Status.String() + " " + r.Message
}

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
			all.Add(c.status, c.optional)
		}
		require.Equal(t, row.want, all.Status(), "%v", row.checks)
	}
}

func TestBadSettingsAreRefused(t *testing.T) {
	for _, row := range []struct {
		name, field string
		cfg         Config
	}{
		{"", "Name", Config{}},
		{"x", "Timeout", Config{Timeout: -1}},
		{"x", "Interval", Config{Interval: -2}},
		{"x", "FastInterval", Config{FastInterval: -1}},
		{"x", "FastInterval", Config{FastInterval: 11 * time.Second}},
		{"x", "UnhealthyAfter", Config{UnhealthyAfter: -1}},
		{"x", "HealthyAfter", Config{HealthyAfter: -1}},
		{"x", "Groups", Config{Groups: []string{"a", ""}}},
	} {
		err := row.cfg.validate(row.name)
		var bad *messages.ConfigError
		require.ErrorAs(t, err, &bad)
		require.Equal(t, messages.ConfigError{Kind: "check", Name: row.name, Field: row.field, Problem: bad.Problem}, *bad)
	}
	require.NoError(t, Config{Interval: OnDemand}.validate("x"))
}

func TestDefaults(t *testing.T) {
	require.Equal(t, Config{Timeout: 10 * time.Second, Interval: 10 * time.Second, FastInterval: 10 * time.Second, UnhealthyAfter: 1, HealthyAfter: 1, Groups: []string{"ready"}},
		Config{}.withDefaults())
	require.Empty(t, Config{Groups: []string{}}.withDefaults().Groups)
}

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
