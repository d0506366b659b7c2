package tests

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// If the caller's deadline is earlier than the limit, however little, the error
// is that of the caller's context. If both are at the same moment, it is that of
// the Timeout.
//
// Promise (Timeout): If the caller's own context ends first, that is not a timeout.
func TestTheCallersDeadlineAndTheLimitAtOnce(t *testing.T) {
	for range 100 {
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			requireTimeout(t, api.Run(ctx, api.Timeout(time.Second), deaf(t, time.Minute)))
		})
	}
}

// Promise (Timeout): A *TimeoutError around a retry reports the last error of the function. Nested timeouts report one timeout.
func TestATimeoutIsReportedOnceThoughTimeoutsNest(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		tape := record(t, s)
		p := api.Compose(api.Timeout(time.Minute), breaker(t, s, api.BreakerConfig{}), api.Timeout(time.Second))
		requireTimeout(t, api.Run(context.Background(), p, polite))
		synctest.Wait()
		require.Len(t, only[api.TimedOut](tape), 1)
	})
}

// blocked is a log handler that blocks for a minute.
type blocked struct{ slog.Handler }

func (b blocked) Handle(context.Context, slog.Record) error {
	time.Sleep(time.Minute)
	return nil
}

// Promise (Timeout): The call returns at the limit, even if the function ignores its context.
func TestASlowLogDoesNotKeepTheCallerPastTheLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := start(t, api.SystemConfig{Logger: slog.New(blocked{slog.NewTextHandler(t.Output(), nil)})})
		p := api.Compose(api.Timeout(time.Second), breaker(t, s, api.BreakerConfig{}))
		begin := time.Now()
		requireTimeout(t, api.Run(context.Background(), p, func(context.Context) error { panic("kaboom") }))
		require.Equal(t, time.Second, time.Since(begin))
		time.Sleep(time.Hour)
	})
}

// Promise (Timeout): When a timeout leaves a call behind, each breaker inside counts one failure before the caller returns.
func TestATimeoutTakesOverWhatAFunctionLeftRunning(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		requireTimeout(t, api.Run(context.Background(), api.Timeout(time.Second), func(ctx context.Context) error {
			go func() { _ = b.Run(ctx, deaf(t, time.Minute)) }() // ends within a minute
			time.Sleep(time.Second)
			return context.DeadlineExceeded
		}))
		require.Equal(t, api.Open, b.State())
	})
}

// If the classifier of a breaker panics on a TimeoutError, that breaker counts a
// failure, and the other breakers inside count theirs.
//
// Promise (Timeout): When a timeout leaves a call behind, each breaker inside counts one failure before the caller returns.
func TestAClassifierThatPanicsOnATimeout(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		picky := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, Classify: func(error) api.Outcome { panic("picky") }})
		other, err := s.Breaker("other", api.BreakerConfig{FailureThreshold: 1})
		require.NoError(t, err)
		p := api.Compose(api.Timeout(time.Second), picky, other)
		require.PanicsWithValue(t, "picky", func() { _ = api.Run(context.Background(), p, deafButSure) })
		require.Equal(t, api.Open, picky.State())
		require.Equal(t, api.Open, other.State())
		time.Sleep(time.Hour)
	})
}

func deafButSure(context.Context) error { time.Sleep(time.Minute); return nil }

// This holds for a policy alone, in a composition, and embedded in a struct.
//
// Promise (Fallback and composition): A policy that is a nil pointer, or was not made by its constructor, is a *ConfigError, and the call is not run.
func TestAPolicyThatIsNotMadeIsRefused(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		for _, p := range []api.Policy{
			(*api.Breaker)(nil), &api.Breaker{}, (*api.Retry)(nil), &api.Retry{}, (*api.TimeoutConfig)(nil), api.Around(nil),
			struct{ *api.Breaker }{}, (*struct{ *api.Breaker })(nil), struct{ api.Policy }{},
		} {
			for _, p := range []api.Policy{p, api.Compose(p), api.Compose(api.Timeout(time.Second), p)} {
				require.ErrorIs(t, api.Run(context.Background(), p, unexpected), api.ErrConfig)
				_, err := api.Do(context.Background(), p, func(ctx context.Context) (int, error) { return 0, unexpected(ctx) })
				require.ErrorIs(t, err, api.ErrConfig)
			}
		}
	})
}

func unexpected(context.Context) error { panic("must not be run") }
