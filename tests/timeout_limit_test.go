package tests

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// partial waits for the end of its ctx, and then returns what it has, without an
// error.
func partial(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "partial", nil
}

// Promise (Timeout): What the function returns after the limit counts for nothing: the caller gets a TimeoutError and the zero value, every time, and breakers inside a failure.
func TestAPartialAnswerAtTheLimitIsATimeoutEveryTime(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: api.Off})
		r, err := s.Retry("api", api.RetryConfig{MaxAttempts: 1})
		require.NoError(t, err)
		policies := map[string]api.Policy{
			"alone":                  api.Timeout(time.Second),
			"around a breaker":       api.Compose(api.Timeout(time.Second), b),
			"around a retry":         api.Compose(api.Timeout(time.Second), r, b),
			"around another":         api.Compose(api.Timeout(time.Second), api.Timeout(time.Hour), b),
			"around a cooperative":   api.Compose(api.Timeout(time.Second), api.TimeoutConfig{Limit: time.Hour, Cooperative: true}, b),
			"around a user's":        api.Compose(api.Timeout(time.Second), api.Around(plainly), b),
			"inside a breaker":       api.Compose(b, api.Timeout(time.Second)),
			"a breaker inside of fn": api.Timeout(time.Second),
		}
		for name, p := range policies {
			before := stats(t, b)
			const rounds = 50
			for range rounds {
				fn := partial
				if name == "a breaker inside of fn" {
					fn = func(ctx context.Context) (string, error) { return api.Do(ctx, b, partial) }
				}
				v, err := api.Do(context.Background(), p, fn)
				requireTimeout(t, err)
				require.Empty(t, v, name)
			}
			synctest.Wait()
			after := stats(t, b)
			if name != "alone" {
				require.EqualValues(t, rounds, after.Failures-before.Failures, name)
				require.Equal(t, before.Successes, after.Successes, name)
			}
		}
	})
}

// plainly is an Around that adds nothing.
func plainly(ctx context.Context, next func(context.Context) error) error { return next(ctx) }

// Promise (Timeout): What the function returns after its caller has left counts for nothing either.
func TestAPartialAnswerAtTheCallersEndIsItsError(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		p := api.Compose(api.Timeout(time.Hour), b)
		for range 50 {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(time.Second, cancel)
			v, err := api.Do(ctx, p, partial)
			require.Equal(t, context.Canceled, err)
			require.Empty(t, v)

			ctx, cancel = context.WithTimeout(context.Background(), time.Second)
			v, err = api.Do(ctx, p, partial)
			cancel()
			require.Equal(t, context.DeadlineExceeded, err)
			require.Empty(t, v)
			require.NoError(t, b.Reset())
		}
		synctest.Wait()
		st := stats(t, b)
		require.EqualValues(t, 50, st.Ignored)
		require.EqualValues(t, 50, st.Failures)
		require.Zero(t, st.Successes)
	})
}

// At the moment of the limit either may be first. The caller and the breaker must
// agree.
//
// Promise (Timeout): Which came first, the function or the limit, is decided once, for the caller and the breakers inside.
func TestTheCallerAndTheBreakersAgreeOnWhatCameFirst(t *testing.T) {
	s := start(t, api.SystemConfig{})
	b := breaker(t, s, api.BreakerConfig{FailureThreshold: api.Off})
	second, err := s.Breaker("second", api.BreakerConfig{FailureThreshold: api.Off})
	require.NoError(t, err)
	for name, p := range map[string]api.Policy{
		"one":    api.Compose(api.Timeout(300*time.Microsecond), b, second),
		"nested": api.Compose(api.Timeout(300*time.Microsecond), b, api.Timeout(310*time.Microsecond), second),
	} {
		was, was2 := stats(t, b), stats(t, second)
		var wg sync.WaitGroup
		var succeeded atomic.Uint64
		for range 8 {
			wg.Go(func() {
				for i := range 200 {
					begin := time.Now()
					if api.Run(context.Background(), p, func(context.Context) error {
						for time.Since(begin) < 300*time.Microsecond+time.Duration(i%20-10)*time.Microsecond {
						}
						return nil
					}) == nil {
						succeeded.Add(1)
					}
				}
			})
		}
		wg.Wait()
		st, st2 := stats(t, b), stats(t, second)
		require.EqualValues(t, succeeded.Load(), st.Successes-was.Successes, name)
		require.LessOrEqual(t, st.Successes-was.Successes+st.Failures-was.Failures, uint64(1600), name)
		require.EqualValues(t, succeeded.Load(), st2.Successes-was2.Successes, name)
	}
}

// Clients put the deadline of the ctx on their socket, and return its error.
//
// Promise (Timeout): Any error returned once the limit has passed is a TimeoutError that unwraps to it.
func TestAnErrorPastTheLimitIsATimeout(t *testing.T) {
	refused := errors.New("deadline exceeded, says the server")
	for _, cooperative := range []bool{false, true} {
		for _, late := range []error{os.ErrDeadlineExceeded, refused, &net.OpError{Op: "read", Err: os.ErrDeadlineExceeded}, context.Canceled} {
			bubble(t, func(t *testing.T, s *api.System) {
				b := breaker(t, s, api.BreakerConfig{})
				limit := api.TimeoutConfig{Limit: time.Second, Cooperative: cooperative}
				for _, p := range []api.Policy{limit, api.Compose(limit, b)} {
					err := api.Run(context.Background(), p, func(ctx context.Context) error {
						at, ok := ctx.Deadline()
						require.True(t, ok)
						time.Sleep(time.Until(at))
						return late
					})
					requireTimeout(t, err)
					if cooperative {
						require.ErrorIs(t, err, late)
					}
				}
				early := api.Run(context.Background(), limit, func(context.Context) error { return late })
				require.Equal(t, late, early, "before the limit")
			})
		}
	}
}

// Promise (Timeout): Any error returned once the limit has passed is a TimeoutError that unwraps to it.
func TestACallerThatLeavesAfterTheLimitChangesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		err := api.Run(ctx, api.Cooperative(api.Timeout(time.Second)), func(ctx context.Context) error {
			<-ctx.Done()
			cancel()
			time.Sleep(time.Minute)
			return errBoom
		})
		requireTimeout(t, err)
		require.ErrorIs(t, err, errBoom)
	})
}

// Promise (Timeout): If the caller's own context ends first, that is not a timeout.
func TestAnErrorAfterTheCallersEndIsPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(context.Background())
		err := api.Run(ctx, api.TimeoutConfig{Limit: time.Second, Cooperative: true}, func(ctx context.Context) error {
			cancel()
			<-ctx.Done()
			time.Sleep(time.Minute)
			return errBoom
		})
		require.Equal(t, errBoom, err)
	})
}

// Promise (Timeout): A TimeoutError is a net.Error whose Timeout is true.
func TestATimeoutErrorIsANetError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		err := api.Run(context.Background(), api.Timeout(time.Second), polite)
		var netErr net.Error
		require.ErrorAs(t, err, &netErr)
		require.True(t, netErr.Timeout())
	})
}

// silentCtx is a ctx whose Done is closed although Err is nil.
type silentCtx struct {
	context.Context
	done chan struct{}
}

func (c silentCtx) Done() <-chan struct{} { return c.done }
func (silentCtx) Err() error              { return nil }

// Promise (Timeout): A ctx that ends without an error was cancelled.
func TestTheEndOfACtxWithoutAnErrorIsACancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx := silentCtx{context.Background(), make(chan struct{})}
		time.AfterFunc(time.Second, func() { close(ctx.done) })
		err := api.Run(ctx, api.Timeout(time.Hour), deaf(t, time.Minute))
		require.Equal(t, context.Canceled, err)
	})
}

// hostile is a log handler whose Handle does what it likes.
type hostile struct {
	slog.Handler
	handle func()
}

func (hostile) Enabled(context.Context, slog.Level) bool    { return true }
func (h hostile) Handle(context.Context, slog.Record) error { h.handle(); return nil }

// Promise (Timeout): A log handler that panics or exits does no harm where a panic of the function is logged.
func TestAHostileLogDoesNoHarmUnderATimeout(t *testing.T) {
	before := slog.Default()
	defer slog.SetDefault(before)
	for name, handle := range map[string]func(){
		"panics": func() { panic("the log") },
		"exits":  runtime.Goexit,
	} {
		synctest.Test(t, func(t *testing.T) {
			called := false
			slog.SetDefault(slog.New(hostile{slog.DiscardHandler, func() { called = true; handle() }}))
			require.PanicsWithValue(t, "kaboom", func() {
				_ = api.Run(context.Background(), api.Timeout(time.Second), func(context.Context) error { panic("kaboom") })
			}, name)
			require.True(t, called, name)
		})
	}
}
