package torture

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/understudy-go/understudy/api"
)

// budgetModel remembers every call and every granted retry, and counts them
// anew each time it is asked.
type budgetModel struct {
	origin         time.Time
	budget         api.RetryBudget
	calls, retries []time.Time
}

// recent counts the moments that lie in the ten slices of the window that end now.
func (m *budgetModel) recent(moments []time.Time, now time.Time) (n int) {
	slice := func(at time.Time) int64 { return int64(at.Sub(m.origin) / (m.budget.Window / 10)) }
	for _, at := range moments {
		if slice(at) > slice(now)-10 {
			n++
		}
	}
	return n
}

// grants reports whether one more retry is within the budget.
func (m *budgetModel) grants(now time.Time) bool {
	allowed := m.budget.Ratio*float64(m.recent(m.calls, now)) + m.budget.MinPerSecond*m.budget.Window.Seconds()
	if float64(m.recent(m.retries, now)+1) > allowed+1e-9 {
		return false
	}
	m.retries = append(m.retries, now)
	return true
}

func TestARetryBudgetGrantsWhatANaiveRecountGrants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, made := start(t), 0
		rapid.Check(inBubble{t}, func(rt *rapid.T) {
			for range max(1, *steps/stepsAtOnce/100) {
				made++
				spendBudget(rt, t, s, fmt.Sprint("retry ", made))
			}
		})
	})
}

func spendBudget(rt *rapid.T, t *testing.T, s *api.System, name string) {
	budget := api.RetryBudget{
		Ratio:        float64(rapid.IntRange(0, 20).Draw(rt, "ratio")) / 10,
		MinPerSecond: float64(rapid.IntRange(0, 3).Draw(rt, "minimum")),
		Window:       time.Duration(rapid.IntRange(1, 5).Draw(rt, "window")) * time.Second,
	}
	attempts := rapid.IntRange(1, 4).Draw(rt, "attempts")
	r, err := s.Retry(name, api.RetryConfig{MaxAttempts: attempts, InitialDelay: 1, MaxDelay: 1, Jitter: api.JitterNone, Budget: &budget})
	require.NoError(t, err)
	m := &budgetModel{origin: time.Now(), budget: budget}
	var want api.RetryStats
	want.Name = name
	for range stepsAtOnce {
		time.Sleep(time.Duration(rapid.IntRange(0, 250).Draw(rt, "wait")) * time.Millisecond)
		failures := rapid.IntRange(0, 4).Draw(rt, "failures")
		m.calls = append(m.calls, time.Now())
		want.Calls++
		n := 0
		err := r.Run(context.Background(), func(context.Context) error {
			if n++; n > failures {
				return nil
			}
			return errBoom
		})
		reason := m.follow(failures, attempts, &want)
		var gaveUp *api.RetryError
		if errors.As(err, &gaveUp); (gaveUp == nil) != (reason == "") || (gaveUp != nil && gaveUp.Reason != reason) {
			rt.Fatalf("%+v after %d calls and %d retries: %v, want %q", budget, len(m.calls), len(m.retries), err, reason)
		}
	}
	got, err := r.Stats()
	require.NoError(t, err)
	require.Equal(t, want, got)
}

// follow plays one call of so many failures, just made, on the model.
func (m *budgetModel) follow(failures, attempts int, want *api.RetryStats) (reason string) {
	for n := 1; n <= failures; n++ {
		switch {
		case n == attempts:
			want.Exhausted++
			return "attempts"
		case !m.grants(m.calls[len(m.calls)-1].Add(time.Duration(n - 1))): // one nanosecond before each retry
			want.Throttled++
			return "budget"
		}
		want.Retries++
	}
	return ""
}
