package tests

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Hold): What a failed attempt holds is released; a failed call holds nothing.
func TestAFailedCallHoldsNothingInTheTimeoutAroundIt(t *testing.T) {
	fails := map[string]func(context.Context) (int, error){
		"error":        func(ctx context.Context) (int, error) { api.Hold(ctx); return 0, errBoom },
		"panic":        func(ctx context.Context) (int, error) { api.Hold(ctx); panic("kaboom") },
		"late":         func(ctx context.Context) (int, error) { api.Hold(ctx); time.Sleep(time.Minute); return 0, errBoom },
		"held so late": func(ctx context.Context) (int, error) { time.Sleep(time.Minute); api.Hold(ctx); return 0, errBoom },
	}
	bubble(t, func(t *testing.T, s *api.System) {
		r, err := s.Retry("api", api.RetryConfig{InitialDelay: 1})
		require.NoError(t, err)
		hard, cooperative := api.Timeout(time.Second), api.Cooperative(api.Timeout(time.Second))
		for what, fn := range fails {
			for name, inner := range map[string]api.Policy{
				"hard": hard, "cooperative": cooperative, "hard, retry": api.Compose(hard, r), "retry, hard": api.Compose(r, hard),
			} {
				for _, outer := range []api.Policy{api.Timeout(time.Hour), api.Cooperative(api.Timeout(time.Hour))} {
					var around context.Context
					require.NoError(t, api.Run(context.Background(), outer, func(ctx context.Context) error {
						around = ctx
						defer func() { _ = recover() }()
						_, err := api.Do(ctx, inner, fn)
						require.Error(t, err)
						return nil
					}))
					require.Equal(t, context.Canceled, around.Err(), "%s in %s", what, name)
				}
			}
		}
		time.Sleep(time.Hour) // all functions have returned
	})
}
