package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// TestWhatACallAllocates holds the fast paths to their number of allocations.
func TestWhatACallAllocates(t *testing.T) {
	sys, err := api.Start(quiet)
	require.NoError(t, err)
	defer func() { require.NoError(t, sys.Shutdown(context.Background())) }()
	breaker, err := sys.Breaker("closed", api.BreakerConfig{})
	require.NoError(t, err)
	timed, err := sys.Breaker("timed", api.BreakerConfig{SlowCall: time.Minute})
	require.NoError(t, err)
	refusing, err := sys.Breaker("refusing", api.BreakerConfig{})
	require.NoError(t, err)
	require.NoError(t, refusing.ForceOpen())
	retry, err := sys.Retry("retry", api.RetryConfig{})
	require.NoError(t, err)

	both := api.Compose(retry, breaker)
	cooperative := api.Compose(api.TimeoutConfig{Limit: time.Minute, Cooperative: true}, retry, breaker)

	ctx, sum := context.Background(), 0
	add := func(context.Context) (int, error) { sum++; return sum, nil }
	run := func(context.Context) error { sum++; return nil }
	for _, row := range []struct {
		what string
		max  float64
		do   func() error
	}{
		{"Run", 0, func() error { return breaker.Run(ctx, run) }},
		{"Run of a capturing closure", 0, func() error { return breaker.Run(ctx, func(context.Context) error { sum++; return nil }) }},
		{"Run, slow calls matter", 0, func() error { return timed.Run(ctx, func(context.Context) error { sum++; return nil }) }},
		{"Do", 0, func() error { _, err := api.Do(ctx, breaker, add); return err }},
		{"Do with retry and breaker", 0, func() error { _, err := api.Do(ctx, both, add); return err }},
		{"the package's Run", 0, func() error { return api.Run(ctx, breaker, run) }},
		{"the package's Run with retry and breaker", 0, func() error { return api.Run(ctx, both, run) }},
		{"a wrapped function", 0, func() func() error {
			guarded := api.Wrap(both, add)
			return func() error { _, err := guarded(ctx); return err }
		}()},
		{"no policy", 0, func() error { _, err := api.Do(ctx, nil, add); return err }},
		{"a fallback that is not needed", 0, func() func() error {
			none := []api.Func[int]{api.Value(0)}
			return func() error { _, err := api.Do(ctx, both, add, none...); return err }
		}()},
		{"a cooperative timeout", 1, func() error { _, err := api.Do(ctx, cooperative, add); return err }},
		{"a cooperative timeout, Run", 1, func() error { return api.Run(ctx, cooperative, run) }},
		{"a hard timeout", 3, func() error { _, err := api.WithTimeout(ctx, time.Minute, add); return err }},
		{"reading the state", 0, func() error { breaker.State(); refusing.TimeUntilReset(); return nil }},
		{"looking a breaker up", 0, func() error { sys.LookupBreaker("closed"); return nil }},
	} {
		require.NoError(t, row.do(), row.what)
		require.LessOrEqual(t, testing.AllocsPerRun(1000, func() { _ = row.do() }), row.max, row.what)
	}
	t.Run("refusals", func(t *testing.T) {
		for what, do := range map[string]func() error{
			"Run":               func() error { return refusing.Run(ctx, run) },
			"Do":                func() error { _, err := api.Do(ctx, refusing, add); return err },
			"the package's Run": func() error { return api.Run(ctx, refusing, run) },
		} {
			require.ErrorIs(t, do(), api.ErrCircuitOpen)
			require.Zero(t, testing.AllocsPerRun(1000, func() { _ = do() }), what)
		}
	})
}
