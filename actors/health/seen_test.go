package health

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// said is what a view says, but for the age.
func said(v *view, now time.Time) Result {
	r := v.read(now)
	r.Age = 0
	return r
}

// What is remembered of a result is used up to until: it must hold so long,
// and not a nanosecond longer.
func TestUntilIsTheLastMomentForWhichAResultHolds(t *testing.T) {
	stale := newMachine(Config{Timeout: 2 * time.Second})
	outcomes(stale, "h")
	hung := newMachine(Config{Timeout: 2 * time.Second})
	hung.begin()
	hung.granted(at(0))
	hung.tick(at(2))
	flaps := newMachine(Config{Interval: time.Minute})
	outcomes(flaps, "huhuhuh")
	demand := newMachine(Config{Interval: OnDemand})
	outcomes(demand, "huhuhuh")
	for _, row := range []struct {
		m     *machine
		seen  float64
		until time.Time
	}{
		{stale, 1, at(17)},
		{stale, 17, at(17)},
		{stale, 18, time.Time{}},
		{hung, 2, at(2.1).Add(-1)},
		{hung, 2.1, at(2.2).Add(-1)},
		{hung, 62.37, at(62.4).Add(-1)},
		{flaps, 601, at(675)}, // stale
		{flaps, 1400, at(1401)},
		{flaps, 1402, time.Time{}},
		{demand, 601, at(801)},
		{demand, 802, time.Time{}},
	} {
		from, v := at(row.seen), row.m.view(at(601))
		if row.m == stale {
			v = row.m.view(at(1))
		}
		until := v.until(from)
		require.Equal(t, row.until, until, "%+v", v.read(from))
		if until.IsZero() {
			require.Equal(t, said(v, from), said(v, from.Add(1000*time.Hour)))
			continue
		}
		require.Equal(t, said(v, from), said(v, until))
		require.NotEqual(t, said(v, from), said(v, until.Add(1)))
	}
}

func TestAgeIsInWholeSecondsOfTheClock(t *testing.T) {
	for _, row := range []struct {
		result, now float64
		age         int64
	}{
		{10, 10, 0}, {10, 10.9, 0}, {10.9, 11, 1}, {10.1, 73.2, 63}, {10, 9, 0},
	} {
		age, known := Age(at(row.result), at(row.now))
		require.True(t, known)
		require.Equal(t, row.age, age)
	}
	_, known := Age(time.Time{}, at(1))
	require.False(t, known)
}

func TestWhatIsWrittenIsRememberedUntilItIsOutOfDate(t *testing.T) {
	m := newMachine(Config{Timeout: 2 * time.Second})
	outcomes(m, "h")
	h := &Handle{name: "db"}
	h.view.Store(m.view(at(1)))
	made := 0
	write := func(now float64, kind int) string {
		seen, _ := h.See(at(now))
		return string(seen.Write([]byte("> "), at(now), kind, func(r Result) []byte {
			made++
			return []byte(r.Status.String())
		}))
	}
	for _, row := range []struct {
		now  float64
		kind int
		want string
		made int
	}{
		{1, 0, "> HEALTHY", 1}, {17, 0, "> HEALTHY", 1}, {17, 5, "> HEALTHY", 2}, {17.1, 0, "> UNKNOWN", 3}, {1e6, 0, "> UNKNOWN", 3},
	} {
		require.Equal(t, row.want, write(row.now, row.kind))
		require.Equal(t, row.made, made)
	}
	root := &Handle{name: "root"}
	root.view.Store(&view{result: Result{Status: messages.Unhealthy}})
	h.above = []*Handle{root}
	require.Equal(t, "> UNKNOWN", write(1, 0))
	require.Equal(t, "> UNKNOWN", write(1, 0))
	require.Equal(t, 5, made, "what depends on another check is not remembered")
	seen, _ := h.See(at(1))
	require.Equal(t, "root", seen.BlockedBy())
}

func TestUntilLooksAtWhatACheckDependsOn(t *testing.T) {
	root, h := &Handle{name: "root"}, &Handle{name: "db"}
	root.view.Store(&view{result: Result{Status: messages.Unhealthy}, staleAt: at(20)})
	h.above = []*Handle{root}
	h.view.Store(&view{result: Result{Status: messages.Healthy}, staleAt: at(30)})
	for _, row := range []struct {
		now    float64
		status messages.Status
		until  time.Time
		why    string
	}{
		{1, messages.Unknown, at(20), "blocked"},
		{20, messages.Unknown, at(20), "still"},
		{21, messages.Healthy, at(30), "nobody knows about the other any more"},
		{31, messages.Unknown, time.Time{}, "or about this one"},
	} {
		seen, until := h.See(at(row.now))
		require.Equal(t, row.status, seen.Status, row.why)
		require.Equal(t, row.until, until, row.why)
	}
}
