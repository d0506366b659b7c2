package tests

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Timeout): Late receives what the function returned and no caller got, once.
func TestLateReceivesWhatNoCallerGot(t *testing.T) {
	type got struct {
		value any
		err   error
	}
	synctest.Test(t, func(t *testing.T) {
		var outer, inner []got
		keep := func(to *[]got) func(any, error) { return func(v any, err error) { *to = append(*to, got{v, err}) } }
		nested := api.Compose(
			api.TimeoutConfig{Limit: time.Hour, Late: keep(&outer)},
			api.TimeoutConfig{Limit: time.Second, Late: keep(&inner)})
		_, err := api.Do(context.Background(), nested, partial)
		requireTimeout(t, err)
		synctest.Wait()
		require.Equal(t, []got{{"partial", nil}}, inner, "the innermost one")
		require.Empty(t, outer)

		inner = nil
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(time.Millisecond, cancel)
		_, err = api.Do(ctx, nested, func(context.Context) (int, error) { time.Sleep(time.Minute); return 7, errBoom })
		require.ErrorIs(t, err, context.Canceled)
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Equal(t, []got{{7, errBoom}}, inner)

		inner = nil
		requireTimeout(t, api.Run(context.Background(), nested, polite))
		synctest.Wait()
		require.Equal(t, []got{{nil, context.DeadlineExceeded}}, inner, "under Run the value is nil")

		inner = nil
		_, err = api.Do(context.Background(), nested, func(context.Context) (int, error) { return 7, nil })
		require.NoError(t, err)
		_ = api.Run(context.Background(), api.TimeoutConfig{Limit: -1, Late: keep(&inner)}, succeed)
		require.Panics(t, func() {
			_ = api.Run(context.Background(), api.TimeoutConfig{Limit: time.Second, Late: keep(&inner)}, func(context.Context) error { panic("x") })
		})
		synctest.Wait()
		require.Empty(t, inner, "in time, not run, panicked")
		require.Empty(t, outer)

		requireTimeout(t, api.Run(context.Background(), api.TimeoutConfig{Limit: time.Second, Late: func(any, error) { panic("late") }}, polite))
		synctest.Wait()
	})
}
