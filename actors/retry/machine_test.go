package retry

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

func newTestMachine(t testing.TB, cfg Config) machine {
	t.Helper()
	cfg, err := cfg.Normalize("api")
	require.NoError(t, err)
	return newMachine("api", cfg, noon)
}

func again(delay time.Duration) messages.Verdict {
	return messages.Verdict{Again: true, Delay: delay}
}

func no(why string) messages.Verdict { return messages.Verdict{Reason: why} }

// plain waits 1 s, 2 s, 4 s, ..., at most 10 s.
func plain(attempts int, budget *Budget) Config {
	return Config{MaxAttempts: attempts, Jitter: JitterNone, MaxDelay: 10 * time.Second, Budget: budget}
}

func TestTheFirstNoDecides(t *testing.T) {
	broke := &Budget{} // allows nothing
	for _, row := range []struct {
		what     string
		cfg      Config
		attempt  messages.Attempt
		deadline string
		want     messages.Verdict
	}{
		{"again", plain(3, nil), messages.Attempt{Number: 1, Retryable: true}, "", again(time.Second)},
		{"the second wait is longer", plain(3, nil), messages.Attempt{Number: 2, Retryable: true}, "", again(2 * time.Second)},
		{"one attempt means none again", plain(1, nil), messages.Attempt{Number: 1, Retryable: true}, "", no(messages.ReasonAttempts)},
		{"attempts are spent", plain(3, nil), messages.Attempt{Number: 3, Retryable: true}, "", no(messages.ReasonAttempts)},
		{"attempts were lowered meanwhile", plain(3, nil), messages.Attempt{Number: 7, Retryable: true}, "", no(messages.ReasonAttempts)},
		{"the wait ends before the deadline", plain(3, nil), messages.Attempt{Number: 1, Retryable: true}, "1.001s", again(time.Second)},
		{"the wait ends at the deadline", plain(3, nil), messages.Attempt{Number: 1, Retryable: true}, "1s", no(messages.ReasonDeadline)},
		{"the deadline has passed", plain(3, nil), messages.Attempt{Number: 1, Retryable: true}, "-1s", no(messages.ReasonDeadline)},
		{"attempts are never spent", plain(Unlimited, nil), messages.Attempt{Number: math.MaxInt, Retryable: true}, "", again(10 * time.Second)},
		{"the budget is spent", plain(3, broke), messages.Attempt{Number: 1, Retryable: true}, "", no(messages.ReasonBudget)},

		{"not retryable comes before attempts", plain(3, broke), messages.Attempt{Number: 3}, "1s", no(messages.ReasonNotRetryable)},
		{"attempts come before the deadline", plain(3, broke), messages.Attempt{Number: 3, Retryable: true}, "1s", no(messages.ReasonAttempts)},
		{"the deadline comes before the budget", plain(3, broke), messages.Attempt{Number: 1, Retryable: true}, "1s", no(messages.ReasonDeadline)},

		{"RetryAfter is longer", plain(3, nil), messages.Attempt{Number: 1, Retryable: true, RetryAfter: 5 * time.Second}, "", again(5 * time.Second)},
		{"the back-off is longer", plain(9, nil), messages.Attempt{Number: 4, Retryable: true, RetryAfter: 5 * time.Second}, "", again(8 * time.Second)},
		{"RetryAfter is capped", plain(3, nil), messages.Attempt{Number: 1, Retryable: true, RetryAfter: time.Hour}, "", again(10 * time.Second)},
		{"a RetryAfter below zero asks for nothing", plain(3, nil), messages.Attempt{Number: 1, Retryable: true, RetryAfter: -1}, "", again(time.Second)},
		{"RetryAfter counts against the deadline", plain(3, nil), messages.Attempt{Number: 1, Retryable: true, RetryAfter: 5 * time.Second}, "4s", no(messages.ReasonDeadline)},
	} {
		t.Run(row.what, func(t *testing.T) {
			m := newTestMachine(t, row.cfg)
			row.attempt.At = noon
			if row.deadline != "" {
				row.attempt.Deadline = at(t, row.deadline)
			}
			require.Equal(t, effects{verdict: row.want}, m.failed(row.attempt, 0.5))
		})
	}
}

func TestARandomNumberMakesTheJitter(t *testing.T) {
	m := newTestMachine(t, Config{})
	a := messages.Attempt{At: noon, Number: 1, Retryable: true}
	require.Equal(t, again(1125*time.Millisecond), m.failed(a, 0.75).verdict)
	a.RetryAfter = 5 * time.Second
	require.Equal(t, again(5*time.Second), m.failed(a, 0.99).verdict, "RetryAfter has no jitter")
}

func TestTheBudgetLooksBackOneWindow(t *testing.T) {
	m := newTestMachine(t, Config{Jitter: JitterNone, Budget: &Budget{Ratio: 0.1, MinPerSecond: 0.1}}) // 10 s: one retry and a tenth of the calls
	for _, row := range []struct {
		now   string
		calls uint64
		again bool
	}{
		{"0s", 0, true}, // the one that is always allowed
		{"0s", 9, false},
		{"0s", 10, true}, // 1 + 10 % of 10 calls
		{"0s", 10, false},
		{"5.5s", 20, true},
		{"10.9s", 20, false},
		{"11s", 20, true}, // the two of second 0 have left
		{"11s", 20, true},
		{"11s", 20, false},
		{"10s", 20, false}, // a message that was overtaken changes nothing
		{"15.9s", 20, false},
		{"16s", 20, true}, // the one of second 5 has left
		{"16s", 20, false},
		{"24h", 0, true},
		{"24h", 0, false},
	} {
		e := m.failed(messages.Attempt{At: at(t, row.now), Number: 1, Retryable: true, Calls: row.calls}, 0.5)
		require.Equal(t, row.again, e.verdict.Again, "%+v", row)
	}
	require.Equal(t, messages.RetryStats{Name: "api", Retries: 7, Throttled: 8, Waited: 7 * time.Second}, m.stats)
}

func TestABudgetIsNotSpentByRefusals(t *testing.T) {
	m := newTestMachine(t, plain(3, &Budget{MinPerSecond: 0.1}))
	for range 5 {
		m.failed(messages.Attempt{At: noon, Number: 1}, 0.5)
		m.failed(messages.Attempt{At: noon, Number: 3, Retryable: true}, 0.5)
		m.failed(messages.Attempt{At: noon, Number: 1, Retryable: true, Deadline: noon}, 0.5)
	}
	require.True(t, m.failed(messages.Attempt{At: noon, Number: 1, Retryable: true}, 0.5).verdict.Again)
	require.False(t, m.failed(messages.Attempt{At: noon, Number: 1, Retryable: true}, 0.5).verdict.Again)
	require.Equal(t, messages.RetryStats{Name: "api", Retries: 1, Exhausted: 5, Throttled: 1, Waited: time.Second}, m.stats)
}

func TestTheBudgetIsNotRoundedDown(t *testing.T) {
	m := newTestMachine(t, plain(3, &Budget{Ratio: 0.29})) // 0.29 × 100 is 28.999999999999996
	granted := 0
	for m.failed(messages.Attempt{At: noon, Number: 1, Retryable: true, Calls: 100}, 0.5).verdict.Again {
		granted++
	}
	require.Equal(t, 29, granted)
}

func TestConfigureKeepsWhatTheBudgetGranted(t *testing.T) {
	two := &Budget{MinPerSecond: 0.2}                                 // 2 in 10 s
	twoLonger := &Budget{MinPerSecond: 0.1, Window: 20 * time.Second} // 2 in 20 s
	m := newTestMachine(t, plain(3, two))
	for _, row := range []struct {
		now    string
		budget *Budget // Configure first
		again  bool
	}{
		{"0s", nil, true},
		{"4s", two, true},
		{"4s", two, false},
		{"5s", twoLonger, false}, // both stay granted, now for 20 s
		{"21.9s", nil, false},
		{"22s", nil, true}, // the one of second 0 has left
		{"25.9s", nil, false},
		{"26s", nil, true}, // the one of second 4 has left
		{"27s", two, false},
		{"33.9s", nil, false},
		{"34s", nil, true}, // the one of second 22 has left, which counts as one of second 23
	} {
		if row.budget != nil {
			cfg, err := plain(3, row.budget).Normalize("api")
			require.NoError(t, err)
			require.Equal(t, effects{publish: true}, m.configure(at(t, row.now), cfg))
		}
		e := m.failed(messages.Attempt{At: at(t, row.now), Number: 1, Settings: m.settings, Retryable: true}, 0.5)
		require.Equal(t, row.again, e.verdict.Again, "%+v", row)
	}
	require.Equal(t, messages.RetryStats{Name: "api", Retries: 5, Throttled: 6, Waited: 5 * time.Second}, m.stats)
}

func TestRecentCallsAreThoseOfTheWindow(t *testing.T) {
	recent := newRecentCalls(&Budget{Window: 10 * time.Second}, noon)
	for _, row := range []struct {
		age  time.Duration // in seconds
		add  uint64
		want uint64
	}{
		{0, 1, 1},
		{0, 2, 3},
		{5, 10, 13},
		{9, 0, 13},
		{10, 0, 10}, // second 0 has left
		{14, 1, 11},
		{15, 0, 1},
		{16, 1, 2},  // uses the slot of second 0 again
		{0, 1, 0},   // a late call of second 0: counted in second 16
		{16, 0, 3},  // there it is
		{100, 0, 0}, // all gone
		{100, 4, 4},
		{1<<32 + 100, 1, 5}, // the bucket numbers wrap: exactly 1<<32 buckets later old calls count again
		{1<<32 + 200, 1, 1},
		{-5, 0, 0},
	} {
		if row.add > 0 {
			recent.add(row.age*time.Second, row.add)
		}
		require.Equal(t, row.want, recent.sum(row.age*time.Second), "%+v", row)
	}
}

func TestNoSpanOfWindowHoldsMoreThanTheBudget(t *testing.T) {
	m := newTestMachine(t, Config{MaxAttempts: Unlimited, Jitter: JitterNone, Budget: &Budget{MinPerSecond: 1}}) // 10 in 10 s
	granted := 0
	for _, now := range []string{"0.99s", "10s", "10.98s"} { // within 10 s
		for m.failed(messages.Attempt{At: at(t, now), Number: 1, Retryable: true}, 0.5).verdict.Again {
			granted++
		}
	}
	require.Equal(t, 10, granted)
	require.True(t, m.failed(messages.Attempt{At: at(t, "11s"), Number: 1, Retryable: true}, 0.5).verdict.Again)
}

func TestOldCallsAreNotCountedInANewWindow(t *testing.T) {
	long, short := &Budget{Window: time.Minute}, &Budget{Window: 10 * time.Second}
	for _, row := range []struct {
		from, to     *Budget
		began        time.Duration
		changed, now time.Duration
		want         uint64
	}{
		{long, short, 0, 30, 30, 0},  // half a minute old
		{long, short, 25, 30, 30, 4}, // counted as of second 24
		{long, short, 25, 30, 33, 4},
		{long, short, 25, 30, 34, 0},
		{short, long, 5, 9, 59, 4},
		{short, long, 5, 9, 60, 0},
		{short, long, 5, 30, 30, 0}, // it had left
		{short, short, 5, 9, 14, 4},
		{short, short, 5, 9, 15, 0},
	} {
		s := &settings{recent: newRecentCalls(row.from, noon)}
		s.recent.add(row.began*time.Second, 4)
		next := s.recentFor(row.to, noon.Add(row.changed*time.Second))
		require.Equal(t, row.want, next.sum(row.now*time.Second), "%+v", row)
	}
}

func TestReplacedSettingsDecideNothing(t *testing.T) {
	m := newTestMachine(t, plain(3, &Budget{}))
	cfg, err := plain(2, nil).Normalize("api")
	require.NoError(t, err)
	m.configure(noon, cfg)
	for _, a := range []messages.Attempt{{Number: 1}, {Number: 1, Retryable: true}, {Number: 3, Retryable: true}} {
		a.At = noon
		require.Equal(t, effects{verdict: messages.Verdict{Replaced: true}}, m.failed(a, 0.5))
	}
	require.Equal(t, messages.RetryStats{Name: "api"}, m.stats)
	require.Equal(t, again(time.Second), m.failed(messages.Attempt{At: noon, Number: 1, Settings: 1, Retryable: true}, 0.5).verdict)
}

func TestTheSumOfWaitsNeverOverflows(t *testing.T) {
	m := newTestMachine(t, Config{MaxAttempts: Unlimited, Jitter: JitterNone, InitialDelay: math.MaxInt64, MaxDelay: math.MaxInt64})
	for range 3 {
		require.True(t, m.failed(messages.Attempt{At: noon, Number: 1, Retryable: true}, 0.5).verdict.Again)
	}
	require.Equal(t, time.Duration(math.MaxInt64), m.stats.Waited)
}
