package health

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

var t0 = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return t0.Add(time.Duration(seconds * float64(time.Second))) }

func newMachine(cfg Config) *machine {
	return &machine{cfg: cfg.withDefaults(), last: Result{Name: "db"}}
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
		m.granted(start, 0.5)
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
	m.granted(at(20), 0.5)
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
	require.Equal(t, effects{start: 1}, m.granted(at(1), 0.5))
	require.Equal(t, effects{}, m.call(at(2)), "joins the one in flight")
	require.Equal(t, effects{}, m.granted(at(3), 0.5), "it has one")
	require.Equal(t, effects{}, m.result(messages.RunResult{At: at(3), Run: 7}), "not the run in flight")
	e := m.result(messages.RunResult{At: at(3), Run: 1, Status: messages.Healthy})
	require.Equal(t, effects{publish: true, answer: true, release: true, changed: true}, e)
	require.Equal(t, effects{}, m.result(messages.RunResult{At: at(3), Run: 1}), "accepted once")
	require.Equal(t, effects{acquire: true}, m.call(at(4)))
	require.Equal(t, effects{start: 2}, m.granted(at(4), 0.5))
}

func TestStuckCheck(t *testing.T) {
	m := newMachine(Config{Timeout: 2 * time.Second, Interval: 10 * time.Second, UnhealthyAfter: 3})
	outcomes(m, "h")
	m.begin()
	m.granted(at(200), 0.5)
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
	require.Equal(t, "timed out after 2.0s", m.view(at(500)).read(at(500)).Message, "its late result does not count")
	require.Equal(t, messages.Unhealthy, m.status)
}

func TestReturningTooLateIsATimeout(t *testing.T) {
	m := newMachine(Config{Timeout: 2 * time.Second})
	m.begin()
	m.granted(at(0), 0.5)
	m.result(messages.RunResult{At: at(2), Run: 1, Status: messages.Healthy})
	require.Equal(t, "UNHEALTHY timed out after 2.0s", reads(m, 2))
}

func TestAskingAfterTheTimeoutButBeforeTheTick(t *testing.T) {
	m := newMachine(Config{Timeout: 2 * time.Second})
	m.begin()
	m.granted(at(0), 0.5)
	require.True(t, m.call(at(3)).answer)
	require.Equal(t, "UNHEALTHY timed out after 2.0s, stuck for 1.0s", reads(m, 3))
}

func TestCrashAndRestart(t *testing.T) {
	m := newMachine(Config{})
	m.begin()
	m.granted(at(0), 0.5)
	e := m.result(messages.RunResult{At: at(1), Run: 1, Panicked: true, Message: "oh"})
	require.Equal(t, effects{publish: true, answer: true, release: true, changed: true, crash: true}, e)
	require.Equal(t, effects{answer: true}, m.call(at(2)))
	require.Equal(t, effects{}, m.tick(at(3600)))
	require.Equal(t, "UNHEALTHY panicked: oh", reads(m, 3600), "never stale: the restart is on its way")

	e = m.restart(false)
	require.Equal(t, effects{publish: true, restarted: true, release: true, acquire: true}, e)
	require.Equal(t, 1, m.last.Restarts)
	r := m.view(at(3600)).read(at(3601))
	require.Equal(t, "UNHEALTHY panicked: oh", r.Status.String()+" "+r.Message, "until it has run again")
	m.granted(at(3601), 0.5)
	m.result(messages.RunResult{At: at(3602), Run: 2, Status: messages.Healthy})
	require.Equal(t, "HEALTHY ", reads(m, 3602))
}

func TestRestartKeepsTheRunInFlight(t *testing.T) {
	m := newMachine(Config{})
	m.begin()
	m.granted(at(0), 0.5)
	require.Equal(t, effects{publish: true, restarted: true}, m.restart(true))
	require.Equal(t, at(10), m.wake())
	m.result(messages.RunResult{At: at(1), Run: 1, Status: messages.Healthy})
	require.Equal(t, "HEALTHY ", reads(m, 1))

	m.begin()
	m.granted(at(2), 0.5)
	e := m.restart(false)
	require.True(t, e.acquire && e.release, "its result was lost in the crash: again")
}

func TestRestartBeforeTheFirstRunMakesIt(t *testing.T) {
	m := newMachine(Config{Interval: OnDemand})
	require.Equal(t, effects{publish: true, restarted: true, release: true, acquire: true}, m.restart(false))
	m.granted(at(0), 0.5)
	m.result(messages.RunResult{At: at(1), Run: 1, Status: messages.Healthy})
	require.Equal(t, effects{publish: true, restarted: true, release: true}, m.restart(false), "idle between two runs")
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
