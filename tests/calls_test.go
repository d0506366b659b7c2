package tests

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// callbook records the calls that OnCall receives.
type callbook struct {
	mu    sync.Mutex
	calls []api.Call
	ctxs  []context.Context
}

func (c *callbook) add(ctx context.Context, call api.Call) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls, c.ctxs = append(c.calls, call), append(c.ctxs, ctx)
}

// take returns the calls since the last take.
func (c *callbook) take() []api.Call {
	c.mu.Lock()
	defer c.mu.Unlock()
	calls := c.calls
	c.calls, c.ctxs = nil, nil
	return calls
}

// Promise (System, events, logs and errors): OnCall receives the end of each call of a breaker once, with its outcome, duration and error, before the call returns.
func TestOnCallReceivesEachCallOnce(t *testing.T) {
	exit := func(context.Context) error { runtime.Goexit(); return nil }
	explode := func(context.Context) error { time.Sleep(time.Second); panic("kaboom") }
	done, cancel := context.WithCancel(context.Background())
	cancel()
	run := func(fn func(context.Context) error) func(*api.Breaker) {
		return func(b *api.Breaker) { _ = b.Run(context.Background(), fn) }
	}
	slowly := func(fn func(context.Context) error) func(context.Context) error {
		return func(ctx context.Context) error { time.Sleep(time.Second); return fn(ctx) }
	}
	opened := func(b *api.Breaker) { _ = b.ForceOpen() }
	closed := func(*api.Breaker) {}
	call := func(outcome api.Outcome, took time.Duration, err error) []api.Call {
		return []api.Call{{Kind: "breaker", Name: "api", Outcome: outcome, Attempt: 1, Duration: took, Err: err}}
	}
	for _, row := range []struct {
		what   string
		before func(*api.Breaker)
		do     func(*api.Breaker)
		want   []api.Call
	}{
		{"a success", closed, run(slowly(succeed)), call(api.Success, time.Second, nil)},
		{"a failure", closed, run(slowly(fail)), call(api.Failure, time.Second, errBoom)},
		{"an ignored call", closed, run(ignored), call(api.Ignored, 0, context.Canceled)},
		{"a panic", closed, func(b *api.Breaker) { defer func() { _ = recover() }(); run(explode)(b) }, call(api.Failure, time.Second, nil)},
		{"Goexit", closed, func(b *api.Breaker) {
			ended := make(chan struct{})
			go func() { defer close(ended); run(exit)(b) }() // ends at once
			<-ended
		}, call(api.Failure, 0, nil)},
		{"Done", closed, func(b *api.Breaker) {
			p := acquire(t, b)
			time.Sleep(time.Minute)
			p.Done(errBoom)
			p.Done(nil)
		}, call(api.Failure, time.Minute, errBoom)},
		{"Cancel", closed, func(b *api.Breaker) {
			p := acquire(t, b)
			time.Sleep(time.Minute)
			p.Cancel()
		}, call(api.Ignored, time.Minute, nil)},
		{"a ctx that is done before", closed, func(b *api.Breaker) { _ = b.Run(done, succeed) }, nil},
		{"a trial", func(b *api.Breaker) { _ = b.Trip(""); _ = b.TryNow() }, run(slowly(succeed)), call(api.Success, time.Second, nil)},
		{"a hard Timeout", closed, func(b *api.Breaker) {
			_ = api.Run(context.Background(), api.Compose(api.Timeout(time.Minute), b), slowly(succeed))
		}, call(api.Success, time.Second, nil)},
		{"a caller that leaves a hard Timeout", closed, func(b *api.Breaker) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
			defer cancel()
			time.AfterFunc(time.Second, cancel)
			_ = api.Run(ctx, api.Compose(api.Timeout(time.Minute), b), polite)
		}, call(api.Ignored, time.Second, context.Canceled)},
		{"Do", closed, func(b *api.Breaker) {
			_, _ = api.Do(context.Background(), b, func(context.Context) (int, error) { return 0, errBoom })
		}, call(api.Failure, 0, errBoom)},
		{"a late result", closed, func(b *api.Breaker) {
			p := acquire(t, b)
			_ = b.Reset()
			p.Done(nil)
		}, call(api.Success, 0, nil)},
		{"a call inside a trial", func(b *api.Breaker) { _ = b.Trip(""); _ = b.TryNow() }, func(b *api.Breaker) {
			_ = b.Run(context.Background(), func(ctx context.Context) error { return b.Run(ctx, slowly(succeed)) })
		}, call(api.Success, time.Second, nil)},
		{"a refusal", opened, func(b *api.Breaker) { _, _ = b.Acquire(context.Background()) }, nil},
	} {
		t.Run(row.what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				book := &callbook{}
				b := breaker(t, start(t, api.SystemConfig{OnCall: book.add}), api.BreakerConfig{})
				row.before(b)
				row.do(b)
				calls := book.take()
				if row.what == "a refusal" {
					require.Len(t, calls, 1)
					require.ErrorIs(t, calls[0].Err, api.ErrCircuitOpen)
					row.want, calls[0].Err = []api.Call{{Kind: "breaker", Name: "api", Outcome: api.Ignored, Refused: true, Attempt: 1}}, nil
				}
				require.Equal(t, row.want, calls)
			})
		})
	}
}

// Promise (System, events, logs and errors): OnCall runs with the ctx of the call and knows the attempt. A panic in it is logged.
func TestOnCallKnowsTheAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		book := &callbook{}
		s := start(t, api.SystemConfig{OnCall: book.add})
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		r, err := s.Retry("r", api.RetryConfig{MaxAttempts: 3, Retryable: func(error) bool { return true }})
		require.NoError(t, err)
		ctx := context.WithValue(context.Background(), key{}, "trace")
		require.Error(t, api.Run(ctx, api.Compose(r, b), fail))
		var attempts []int
		for i, call := range book.calls {
			if call.Kind == "breaker" {
				attempts = append(attempts, call.Attempt)
				require.Equal(t, "trace", book.ctxs[i].Value(key{}))
				require.Equal(t, call.Attempt == 3, call.Refused)
			}
		}
		require.Equal(t, []int{1, 2, 3}, attempts)
	})
}

// Promise (System, events, logs and errors): OnCall runs with the ctx of the call and knows the attempt. A panic in it is logged.
func TestAPanicInOnCallIsLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		var what any = "kaboom"
		s := start(t, api.SystemConfig{Logger: slog.New(slog.NewJSONHandler(log, nil)), OnCall: func(context.Context, api.Call) { panic(what) }})
		b := breaker(t, s, api.BreakerConfig{})
		play(t, b, "sf")
		require.EqualValues(t, 1, stats(t, b).Successes)
		require.EqualValues(t, 1, stats(t, b).Failures)
		require.Len(t, log.sentences(t), 2)
		require.Equal(t, "ERROR OnCall panicked", log.sentences(t)[0])

		what = http.ErrAbortHandler
		play(t, b, "sf")
		require.Len(t, log.sentences(t), 2, "that is not logged")
	})
}

// Promise (Circuit breaker): After Configure a call is judged by the settings in force when it ends, also one that began on others. A duration that was not measured is not slow.
func TestConfigureWhileCallsRun(t *testing.T) {
	classify := func(outcome api.Outcome) api.BreakerConfig {
		return api.BreakerConfig{Classify: func(error) api.Outcome { return outcome }}
	}
	for _, row := range []struct {
		what string
		next api.BreakerConfig
		err  error
		want api.BreakerStats
	}{
		{"a classifier, nil", classify(api.Failure), nil, api.BreakerStats{Failures: 1, ConsecutiveFailures: 1}},
		{"a classifier, an error", classify(api.Success), errBoom, api.BreakerStats{Successes: 1}},
		{"Excluded", api.BreakerConfig{Excluded: []error{errBoom}}, errBoom, api.BreakerStats{Ignored: 1}},
		{"Expected", api.BreakerConfig{Expected: []error{errBoom}}, errBoom, api.BreakerStats{Successes: 1}},
		{"SlowCall", api.BreakerConfig{SlowCall: 1}, nil, api.BreakerStats{Successes: 1}},
		{"SlowCall, an error", api.BreakerConfig{SlowCall: 1, SlowCallRate: 1, MinimumCalls: 1}, errBoom, api.BreakerStats{Failures: 1, ConsecutiveFailures: 1, FailureRate: 1}},
	} {
		t.Run(row.what, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				b := breaker(t, s, api.BreakerConfig{})
				err := b.Run(context.Background(), func(context.Context) error {
					time.Sleep(time.Second)
					require.NoError(t, b.Configure(row.next))
					return row.err
				})
				require.Equal(t, row.err, err)
				row.want.Name = "api"
				require.Equal(t, row.want, stats(t, b))
			})
		})
	}
}

// Promise (Circuit breaker): A classifier may call its breaker. One that panics blocks nothing.
func TestAClassifierThatPanicsCountsAFailure(t *testing.T) {
	panics := api.BreakerConfig{Classify: func(error) api.Outcome { panic("kaboom") }}
	for _, returned := range []error{nil, errBoom} {
		bubble(t, func(t *testing.T, s *api.System) {
			b := breaker(t, s, api.BreakerConfig{}) // the call begins without a classifier
			require.PanicsWithValue(t, "kaboom", func() {
				_ = b.Run(context.Background(), func(context.Context) error {
					require.NoError(t, b.Configure(panics))
					return returned
				})
			})
			require.Equal(t, api.BreakerStats{Name: "api", Failures: 1, ConsecutiveFailures: 1}, stats(t, b))
			p := acquire(t, b)
			require.Panics(t, func() { p.Done(returned) })
			p.Done(nil)
			require.EqualValues(t, 2, stats(t, b).Failures)
		})
	}
}

// Promise (System, events, logs and errors): An OnCall that ends its goroutine counts no call twice.
func TestAnOnCallThatExitsCountsNoCallTwice(t *testing.T) {
	for name, around := range map[string]func(*api.Breaker) api.Policy{
		"alone":          func(b *api.Breaker) api.Policy { return b },
		"a hard Timeout": func(b *api.Breaker) api.Policy { return api.Compose(api.Timeout(time.Second), b) },
	} {
		synctest.Test(t, func(t *testing.T) {
			s := start(t, api.SystemConfig{OnCall: func(context.Context, api.Call) { runtime.Goexit() }})
			b := breaker(t, s, api.BreakerConfig{})
			for _, fn := range []func(context.Context) error{succeed, fail, ignored} {
				var call sync.WaitGroup
				call.Go(func() { _ = api.Run(context.Background(), around(b), fn) })
				call.Wait()
			}
			require.Equal(t, api.BreakerStats{
				Name: "api", Successes: 1, Failures: 1, Ignored: 1, ConsecutiveFailures: 1,
			}, counted(stats(t, b)), name)
		})
	}
}

// counted returns only the counts of stats.
func counted(st api.BreakerStats) api.BreakerStats {
	st.LastFailure, st.LastFailureAt = nil, time.Time{}
	return st
}
