package tests

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// counting is an Around that counts the calls through it.
func counting(calls *int) api.Around {
	return func(ctx context.Context, next func(context.Context) error) error {
		*calls++
		return next(ctx)
	}
}

// Promise (Fallback and composition): An Around is a user's own policy. It may be anywhere in a composition, and sees each call that reaches its place.
func TestAnAroundRunsWhereItStands(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{MaxAttempts: 3})
		b := breaker(t, s, api.BreakerConfig{})
		for _, limit := range []api.TimeoutConfig{api.Timeout(time.Hour), {Limit: time.Hour, Cooperative: true}} {
			outside, between, inside := 0, 0, 0
			p := api.Compose(counting(&outside), limit, r, counting(&between), b, counting(&inside))
			v, err := api.Do(context.Background(), p, func(ctx context.Context) (int, error) {
				if api.Attempt(ctx) < 3 {
					return 0, errBoom
				}
				return 7, nil
			})
			require.NoError(t, err)
			require.Equal(t, 7, v)
			require.Equal(t, []int{1, 3, 3}, []int{outside, between, inside})
			require.NoError(t, api.Run(context.Background(), p, succeed))
			require.Equal(t, []int{2, 4, 4}, []int{outside, between, inside})
		}
		require.EqualValues(t, 4, stats(t, b).Failures)
	})
}

// Promise (Fallback and composition): An Around may replace the ctx, the error and the call itself. If it does not call next, the value is the zero value.
func TestAnAroundDecides(t *testing.T) {
	type key struct{}
	seven := func(ctx context.Context) (int, error) { return 7, nil }
	for _, row := range []struct {
		name  string
		p     api.Around
		fn    api.Func[int]
		value int
		err   error
	}{
		{"passes on", func(ctx context.Context, next func(context.Context) error) error { return next(ctx) }, seven, 7, nil},
		{"passes a failure on", func(ctx context.Context, next func(context.Context) error) error { return next(ctx) },
			func(context.Context) (int, error) { return 8, errBoom }, 8, errBoom},
		{"does not call", func(context.Context, func(context.Context) error) error { return nil }, seven, 0, nil},
		{"refuses", func(context.Context, func(context.Context) error) error { return errBoom }, seven, 0, errBoom},
		{"objects to a success", func(ctx context.Context, next func(context.Context) error) error {
			_ = next(ctx)
			return errBoom
		}, seven, 7, errBoom},
		{"brings a value", func(ctx context.Context, next func(context.Context) error) error {
			return next(context.WithValue(ctx, key{}, 9))
		}, func(ctx context.Context) (int, error) { return ctx.Value(key{}).(int), nil }, 9, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			v, err := api.Do(context.Background(), row.p, row.fn)
			require.Equal(t, row.err, err)
			require.Equal(t, row.value, v)
			v, err = api.Do(context.Background(), api.Compose(nil, row.p), row.fn)
			require.Equal(t, row.err, err)
			require.Equal(t, row.value, v)
			v, err = api.Do(context.Background(), row.p, row.fn, api.Value(3))
			require.NoError(t, err)
			require.Equal(t, row.err != nil, v == 3, "fallbacks are outside of it")
		})
	}
}

// Promise (Fallback and composition): If an Around calls next twice, too late or with a nil ctx, next returns a *ConfigError and runs nothing. If ctx is done, next returns its error.
func TestANextOfAnAroundRunsOnce(t *testing.T) {
	var kept func(context.Context) error
	ran := 0
	var second, without, done error
	p := api.Around(func(ctx context.Context, next func(context.Context) error) error {
		kept = next
		var none context.Context
		without = next(none)
		gone, cancel := context.WithCancel(ctx)
		cancel()
		done = next(gone)
		err := next(ctx)
		second = next(ctx)
		return err
	})
	v, err := api.Do(context.Background(), p, func(context.Context) (int, error) { ran++; return ran, nil })
	require.NoError(t, err)
	require.Equal(t, 1, v)
	for _, err := range []error{second, without, kept(context.Background())} {
		require.ErrorIs(t, err, api.ErrConfig)
	}
	require.Equal(t, context.Canceled, done)
	require.Equal(t, 1, ran)
}

// Promise (Fallback and composition): If next returns after its Around has returned, its value is dropped.
func TestALateValueOfAnAroundIsLost(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		over := make(chan error, 1)
		leaves := api.Around(func(ctx context.Context, next func(context.Context) error) error {
			go func() { over <- next(ctx) }() // ends within a minute
			time.Sleep(time.Second)
			return nil
		})
		v, err := api.Do(context.Background(), api.Compose(leaves, b), func(context.Context) (int, error) {
			time.Sleep(time.Minute)
			return 7, nil
		})
		require.NoError(t, err)
		require.Zero(t, v)
		require.NoError(t, <-over)
		require.EqualValues(t, 1, stats(t, b).Successes)
	})
}

// Promise (Fallback and composition): A panic in an Around reaches the caller, and is a failure for the breakers outside it.
func TestAPanicInAnAroundGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		p := api.Compose(b, api.Around(func(context.Context, func(context.Context) error) error { panic("kaboom") }))
		require.PanicsWithValue(t, "kaboom", func() { _ = api.Run(context.Background(), p, succeed) })
		require.Equal(t, api.Open, b.State())
	})
}

// guarded is a client that embeds its breaker.
type guarded struct {
	*api.Breaker
	name string
}

// Promise (Fallback and composition): A struct that embeds a policy is that policy, alone and composed.
func TestAStructThatEmbedsAPolicyIsOne(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		own := &guarded{b, "payments"}
		timeout := api.Timeout(time.Second)
		require.ErrorIs(t, api.Run(context.Background(), own, fail), errBoom)
		_, err := api.Do(context.Background(), api.Compose(&timeout, *own), func(context.Context) (int, error) { return 0, errBoom })
		require.ErrorIs(t, err, errBoom)
		require.ErrorIs(t, api.Run(context.Background(), own, unexpected), api.ErrCircuitOpen)
		require.NoError(t, api.Run(context.Background(), own, unexpected, succeed))
		requireTimeout(t, api.Run(context.Background(), &timeout, polite))
		require.True(t, errors.Is(own.Run(context.Background(), unexpected), api.ErrCircuitOpen))
	})
}
