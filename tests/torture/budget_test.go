package torture

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// budgetModel remembers every call and every granted retry, and recounts them
// for each question.
type budgetModel struct {
	origin         time.Time
	budget         api.RetryBudget
	calls, retries []time.Time
}

// recent counts the moments in the last slices of time, which are tenths of the
// window.
func (m *budgetModel) recent(moments []time.Time, now time.Time, slices int64) (n int) {
	slice := func(at time.Time) int64 { return int64(at.Sub(m.origin) / (m.budget.Window / 10)) }
	for _, at := range moments {
		if slice(at) > slice(now)-slices {
			n++
		}
	}
	return n
}

// grants reports whether one more retry is within the budget.
func (m *budgetModel) grants(now time.Time) bool {
	allowed := m.budget.Ratio*float64(m.recent(m.calls, now, 10)) + m.budget.MinPerSecond*m.budget.Window.Seconds()
	if float64(m.recent(m.retries, now, 11)+1) > allowed+1e-9 {
		return false
	}
	m.retries = append(m.retries, now)
	return true
}

// Promise (Torture): Breaker, retry budget and health check agree with simple models that recount everything from the start.
func TestARetryBudgetGrantsWhatANaiveRecountGrants(t *testing.T) { drive(t, budgetStory) }

func budgetStory(t *testing.T, random *rand.Rand, drawn []int) string {
	const name = "story"
	budget := api.RetryBudget{
		Ratio:        float64(random.IntN(21)) / 10,
		MinPerSecond: float64(random.IntN(4)),
		Window:       time.Duration(1+random.IntN(5)) * time.Second,
	}
	attempts := 1 + random.IntN(4)
	config := func(budget api.RetryBudget) api.RetryConfig {
		return api.RetryConfig{MaxAttempts: attempts, InitialDelay: 1, MaxDelay: 1, Jitter: api.JitterNone, Budget: &budget}
	}
	r, err := start(t).Retry(name, config(budget))
	require.NoError(t, err)
	m := &budgetModel{origin: time.Now(), budget: budget}
	var want api.RetryStats
	want.Name = name
	for _, what := range drawn {
		time.Sleep(time.Duration(random.IntN(251)) * time.Millisecond)
		switch what % 20 {
		case 0:
			m.budget.Ratio, m.budget.MinPerSecond = float64(random.IntN(21))/10, float64(random.IntN(4))
			require.NoError(t, r.Configure(config(m.budget)))
			continue
		case 1:
			gone, leave := context.WithCancel(context.Background())
			leave()
			require.ErrorIs(t, r.Run(gone, func(context.Context) error { panic("run") }), context.Canceled)
			continue
		}
		m.calls = append(m.calls, time.Now())
		want.Calls++
		switch what % 20 {
		case 2:
			require.Panics(t, func() { _ = r.Run(context.Background(), func(context.Context) error { panic("a bug") }) })
			continue
		case 3:
			var exits sync.WaitGroup
			exits.Go(func() {
				_ = r.Run(context.Background(), func(context.Context) error { runtime.Goexit(); return nil })
			})
			exits.Wait()
			continue
		}
		failures, n := what/20, 0
		err := r.Run(context.Background(), func(context.Context) error {
			if n++; n > failures {
				return nil
			}
			return errBoom
		})
		reason := m.follow(failures, attempts, &want)
		var gaveUp *api.RetryError
		if errors.As(err, &gaveUp); (gaveUp == nil) != (reason == "") || (gaveUp != nil && gaveUp.Reason != reason) {
			return fmt.Sprintf("%+v after %d calls and %d retries: %v, want %q", m.budget, len(m.calls), len(m.retries), err, reason)
		}
	}
	got, err := r.Stats()
	require.NoError(t, err)
	require.Equal(t, want, got)
	return ""
}

// follow applies the call that was made last to the model. Its function fails
// that many times, and it has at most that many attempts. It returns the reason
// that the RetryError must have.
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
		want.Waited++
	}
	if failures > 0 {
		want.Recovered++
	}
	return ""
}
