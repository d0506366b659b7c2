package torture

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// together calls fn in several goroutines at the same time, and returns when all calls
// have returned.
func together(goroutines int, fn func(i int)) {
	var ready atomic.Int32
	var all sync.WaitGroup
	for i := range goroutines {
		all.Go(func() {
			for ready.Add(1); int(ready.Load()) < goroutines; {
				runtime.Gosched()
			}
			fn(i)
		})
	}
	all.Wait()
}

// Promise (Torture): What many do at the same moment happens once: a name is one policy, a permit counts once.
func TestOneNameIsOnePolicyForAllAtOnce(t *testing.T) {
	s := start(t)
	for n := range 300 * *more {
		name := fmt.Sprint(n)
		var breakers [8]*api.Breaker
		var retries [8]*api.Retry
		together(len(breakers), func(i int) {
			breakers[i], _ = s.Breaker(name, api.BreakerConfig{})
			retries[i], _ = s.Retry(name, api.RetryConfig{})
		})
		for i := range breakers {
			require.Same(t, breakers[0], breakers[i])
			require.Same(t, retries[0], retries[i])
		}
	}
}

// A caller of Done that is not the first returns only when the permit is counted, too.
//
// Promise (Torture): What many do at the same moment happens once: a name is one policy, a permit counts once.
func TestAPermitCountsOnceForAllAtOnce(t *testing.T) {
	b, err := start(t).Breaker("b", api.BreakerConfig{FailureThreshold: api.Off})
	require.NoError(t, err)
	for n := range uint64(500 * *more) {
		p, err := b.Acquire(context.Background())
		require.NoError(t, err)
		together(4, func(int) {
			p.Done(errBoom)
			if st, err := b.Stats(); err != nil || st.Failures != n+1 {
				t.Errorf("after Done: %d failures, not %d: %v", st.Failures, n+1, err)
			}
		})
		require.False(t, t.Failed())
	}
}

// A Timeout that fires returns only when the calls inside are counted, even if they
// return at the same moment.
//
// Promise (Torture): What many do at the same moment happens once: a name is one policy, a permit counts once.
func TestATimeoutWaitsForTheCountOfACallThatReturnsAtTheLimit(t *testing.T) {
	b, err := start(t).Breaker("b", api.BreakerConfig{FailureThreshold: api.Off})
	require.NoError(t, err)
	for n := range uint64(200 * *more) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
		leaves := api.Compose(api.Timeout(time.Minute), b)
		require.Error(t, api.Run(ctx, leaves, func(context.Context) error {
			go cancel()
			<-ctx.Done()
			return errBoom
		}))
		st, err := b.Stats()
		require.NoError(t, err)
		require.Equal(t, n+1, st.Ignored)
	}
}

// deaf is a ctx that hides the end of another.
type deaf struct{ context.Context }

func (deaf) Err() error            { return nil }
func (deaf) Done() <-chan struct{} { return nil }

// Promise (Torture): A call that begins under a Timeout that has fired is not run.
func TestNothingBeginsUnderATimeoutThatHasFired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, err := start(t).Breaker("b", api.BreakerConfig{})
		require.NoError(t, err)
		for _, p := range []api.Policy{b, api.Compose(api.Timeout(time.Hour), b), api.Timeout(time.Hour)} {
			late := make(chan error, 1)
			require.ErrorIs(t, api.Run(context.Background(), api.Timeout(time.Second), func(ctx context.Context) error {
				time.Sleep(time.Minute)
				late <- api.Run(deaf{ctx}, p, func(context.Context) error { t.Error("it is run"); return nil })
				return nil
			}), api.ErrTimeout)
			require.ErrorIs(t, <-late, context.DeadlineExceeded)
		}
	})
}

// Promise (Torture): A classifier that panics makes its call a Failure, however the call was admitted.
func TestAClassifierThatPanicsCountsAFailure(t *testing.T) {
	picky := api.BreakerConfig{FailureThreshold: api.Off, Classify: func(error) api.Outcome { panic("picky") }}
	for name, admit := range map[string]func(b *api.Breaker){
		"Run": func(b *api.Breaker) {
			require.NoError(t, b.Configure(picky))
			_ = b.Run(context.Background(), func(context.Context) error { return errBoom })
		},
		"Run, and then Configure": func(b *api.Breaker) {
			_ = b.Run(context.Background(), func(context.Context) error { return b.Configure(picky) })
		},
		"Run with an error, and then Configure": func(b *api.Breaker) {
			_ = b.Run(context.Background(), func(context.Context) error { _ = b.Configure(picky); return errBoom })
		},
		"Acquire": func(b *api.Breaker) {
			p, err := b.Acquire(context.Background())
			require.NoError(t, err)
			require.NoError(t, b.Configure(picky))
			p.Done(nil)
		},
		"under a Timeout": func(b *api.Breaker) {
			require.NoError(t, b.Configure(picky))
			_ = api.Run(context.Background(), api.Compose(api.Timeout(time.Hour), b), func(context.Context) error { return nil })
		},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := start(t).Breaker("b", api.BreakerConfig{FailureThreshold: api.Off})
			require.NoError(t, err)
			require.PanicsWithValue(t, "picky", func() { admit(b) })
			st, err := b.Stats()
			require.NoError(t, err)
			require.EqualValues(t, 1, st.Failures)
			require.Zero(t, st.Successes)
		})
	}
}

// A subscriber that hears of a change sees it.
//
// Promise (Torture): An event is emitted once callers see the change.
func TestWhoHearsOfAChangeSeesIt(t *testing.T) {
	s := start(t)
	b, err := s.Breaker("b", api.BreakerConfig{})
	require.NoError(t, err)
	seen := make(chan struct{})
	defer s.Subscribe(func(e api.Event) {
		if changed, ok := e.(api.BreakerChanged); ok {
			if now := b.State(); now != changed.To {
				t.Errorf("to %v, but it is %v", changed.To, now)
			}
			seen <- struct{}{}
		}
	})()
	for range 500 * *more {
		require.NoError(t, b.ForceOpen())
		<-seen
		require.NoError(t, b.Reset())
		<-seen
	}
}
