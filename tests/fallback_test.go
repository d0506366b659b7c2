package tests

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

var errCache = errors.New("cache is cold")

func live(context.Context) (string, error)  { return "", errBoom }
func cache(context.Context) (string, error) { return "", errCache }

// Promise (Fallback and composition): Fallbacks run in order until one succeeds. None runs after a success.
func TestFallbacksAreTriedInOrderUntilOneSucceeds(t *testing.T) {
	var tried []string
	try := func(name string, err error) api.Func[string] {
		return func(context.Context) (string, error) { tried = append(tried, name); return name, err }
	}
	v, err := api.Do(context.Background(), nil, try("live", errBoom),
		try("first", errCache), try("second", nil), try("third", nil))
	require.NoError(t, err)
	require.Equal(t, "second", v)
	require.Equal(t, []string{"live", "first", "second"}, tried)
}

// Promise (Fallback and composition): Fallbacks run in order until one succeeds. None runs after a success.
func TestNoFallbackRunsAfterASuccess(t *testing.T) {
	v, err := api.Do(context.Background(), nil,
		func(context.Context) (string, error) { return "live", nil },
		func(context.Context) (string, error) { t.Error("it ran"); return "", nil })
	require.NoError(t, err)
	require.Equal(t, "live", v)
}

// Promise (Fallback and composition): Fallbacks run in order until one succeeds. None runs after a success.
func TestRunTakesFallbacksToo(t *testing.T) {
	require.NoError(t, api.Run(context.Background(), nil, fail, fail, succeed))
	require.ErrorIs(t, api.Run(context.Background(), nil, fail, fail), errBoom)
}

// Promise (Fallback and composition): Value returns a default value; a zero value is one too.
func TestValueIsADefault(t *testing.T) {
	v, err := api.Do(context.Background(), nil, live, cache, api.Value("offline"))
	require.NoError(t, err)
	require.Equal(t, "offline", v)
	n, err := api.Do(context.Background(), nil, func(context.Context) (int64, error) { return 9, errBoom }, api.Value[int64](0))
	require.NoError(t, err)
	require.Zero(t, n, "the zero value included")
}

// Promise (Fallback and composition): If every fallback fails, the error holds every error, in order.
func TestAllFailedTellsEveryErrorInOrder(t *testing.T) {
	_, err := api.Do(context.Background(), nil, live, cache, live)
	var all *api.FallbackError
	require.ErrorAs(t, err, &all)
	require.Equal(t, []error{errBoom, errCache, errBoom}, all.Errs)
	require.ErrorIs(t, err, errBoom)
	require.ErrorIs(t, err, errCache)
	require.Contains(t, err.Error(), "boom")
	require.Contains(t, err.Error(), "cache is cold")
}

// Promise (Fallback and composition): Cause returns to a fallback the errors so far.
func TestCauseTellsAFallbackWhatFailedSoFar(t *testing.T) {
	require.NoError(t, api.Cause(context.Background()))
	var first, second error
	v, err := api.Do(context.Background(), nil,
		func(ctx context.Context) (string, error) {
			require.NoError(t, api.Cause(ctx), "nothing has failed yet")
			return "", errBoom
		},
		func(ctx context.Context) (string, error) { first = api.Cause(ctx); return "", errCache },
		func(ctx context.Context) (string, error) { second = api.Cause(ctx); return "saved", nil })
	require.NoError(t, err)
	require.Equal(t, "saved", v)
	require.ErrorIs(t, first, errBoom)
	require.NotErrorIs(t, first, errCache)
	require.ErrorIs(t, second, errBoom)
	require.ErrorIs(t, second, errCache)
}

// Promise (Fallback and composition): WhenOpen, WhenTimeout and When limit a fallback to some errors. A fallback that does not match leaves no trace.
func TestFallbacksForSomeCauses(t *testing.T) {
	open := &api.CircuitOpenError{Name: "api"}
	rows := []struct {
		name     string
		cause    error
		fallback api.Func[string]
		served   bool
	}{
		{"WhenOpen: an open circuit", open, api.WhenOpen(api.Value("x")), true},
		{"WhenOpen: nothing else", errBoom, api.WhenOpen(api.Value("x")), false},
		{"WhenTimeout: ErrTimeout", api.ErrTimeout, api.WhenTimeout(api.Value("x")), true},
		{"WhenTimeout: a TimeoutError", &api.TimeoutError{}, api.WhenTimeout(api.Value("x")), true},
		{"WhenTimeout: DeadlineExceeded", context.DeadlineExceeded, api.WhenTimeout(api.Value("x")), true},
		{"WhenTimeout: nothing else", errBoom, api.WhenTimeout(api.Value("x")), false},
		{"When: what matches", errBoom, api.When(func(err error) bool { return errors.Is(err, errBoom) }, api.Value("x")), true},
		{"When: nothing else", errCache, api.When(func(err error) bool { return errors.Is(err, errBoom) }, api.Value("x")), false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			fn := func(context.Context) (string, error) { return "", row.cause }
			v, err := api.Do(context.Background(), nil, fn, row.fallback)
			if row.served {
				require.NoError(t, err)
				require.Equal(t, "x", v)
				return
			}
			require.Equal(t, row.cause, err, "all skipped: the original error as it is")
		})
	}
}

// Promise (Fallback and composition): WhenOpen, WhenTimeout and When limit a fallback to some errors. A fallback that does not match leaves no trace.
func TestASkippedFallbackLeavesNoTrace(t *testing.T) {
	_, err := api.Do(context.Background(), nil, live, api.WhenOpen(api.Value("x")), cache, api.WhenTimeout(api.Value("y")))
	var all *api.FallbackError
	require.ErrorAs(t, err, &all)
	require.Equal(t, []error{errBoom, errCache}, all.Errs)

	v, err := api.Do(context.Background(), nil, live, api.WhenOpen(api.Value("x")), api.Value("y"))
	require.NoError(t, err)
	require.Equal(t, "y", v)
}

// Promise (Fallback and composition): WhenOpen, WhenTimeout and When limit a fallback to some errors. A fallback that does not match leaves no trace.
func TestAFallbackThatMatchedAndFailedIsInTheError(t *testing.T) {
	_, err := api.Do(context.Background(), nil, live, api.When(func(error) bool { return true }, cache))
	var all *api.FallbackError
	require.ErrorAs(t, err, &all)
	require.Equal(t, []error{errBoom, errCache}, all.Errs)
}

// Promise (Fallback and composition): A fallback gets the caller's context, not one that has timed out. If the caller's context is done, no fallback runs.
func TestAFallbacksContextHasNotTimedOut(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		p := api.Compose(api.Timeout(time.Second), breaker(t, s, api.BreakerConfig{}))
		err := api.Run(context.Background(), p, deaf(t, time.Minute), func(ctx context.Context) error {
			require.NoError(t, ctx.Err())
			_, bounded := ctx.Deadline()
			require.False(t, bounded, "it is the caller's")
			return nil
		})
		require.NoError(t, err)
		time.Sleep(time.Hour)
	})
}

// Promise (Fallback and composition): A fallback gets the caller's context, not one that has timed out. If the caller's context is done, no fallback runs.
func TestACallerThatIsGoneIsNotServedFallbacks(t *testing.T) {
	never := func(context.Context) (string, error) { t.Error("it ran"); return "", nil }
	ctx, cancel := context.WithCancel(context.Background())
	_, err := api.Do(ctx, nil, func(context.Context) (string, error) { cancel(); return "", errBoom }, never)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, errBoom)

	_, err = api.Do(ctx, nil, never, never)
	require.Equal(t, context.Canceled, err, "nor anything else")

	bubble(t, func(t *testing.T, s *api.System) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, err := api.Do(ctx, nil, func(context.Context) (string, error) { time.Sleep(2 * time.Second); return "", errBoom }, never)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.ErrorIs(t, err, errBoom)
	})
}

// Promise (Fallback and composition): Fallbacks do not catch panics.
func TestAPanicIsNotCaughtByFallbacks(t *testing.T) {
	explode := func(context.Context) error { panic("kaboom") }
	require.PanicsWithValue(t, "kaboom", func() { api.Run(context.Background(), nil, explode, succeed) })
	require.PanicsWithValue(t, "kaboom", func() { api.Run(context.Background(), nil, fail, explode, succeed) })
}

// Promise (Fallback and composition): WhenOpen, WhenTimeout and When limit a fallback to some errors. A fallback that does not match leaves no trace.
func TestAnOpenCircuitIsServedByAFallback(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		play(t, b, "f")
		v, err := api.Do(context.Background(), b, live, api.WhenOpen(api.Value("cached")))
		require.NoError(t, err)
		require.Equal(t, "cached", v)
	})
}

// Promise (Fallback and composition): A chain tries its alternatives in order, and respects the caller's context. One without alternatives fails.
func TestAChainTriesItsAlternativesInOrder(t *testing.T) {
	chain := api.NewFallback("data_source", live).Add(cache)
	_, err := chain.Execute(context.Background())
	var all *api.FallbackError
	require.ErrorAs(t, err, &all)
	require.Equal(t, "data_source", all.Name)
	require.Equal(t, []error{errBoom, errCache}, all.Errs)
	require.Contains(t, err.Error(), "data_source")

	v, err := chain.Default("offline_mode").Execute(context.Background())
	require.NoError(t, err)
	require.Equal(t, "offline_mode", v)

	v, err = api.NewFallback[string]("zero").Add(live).Default("").Execute(context.Background())
	require.NoError(t, err)
	require.Empty(t, v, "the zero value included")

	var cause error
	v, err = api.NewFallback("cause", live, func(ctx context.Context) (string, error) {
		cause = api.Cause(ctx)
		return "backup", nil
	}).Default("unused").Execute(context.Background())
	require.NoError(t, err)
	require.Equal(t, "backup", v)
	require.ErrorIs(t, cause, errBoom)
}

// Promise (Fallback and composition): A chain tries its alternatives in order, and respects the caller's context. One without alternatives fails.
func TestAChainWithoutAlternativesFails(t *testing.T) {
	_, err := api.NewFallback[string]("empty").Execute(context.Background())
	require.Error(t, err)
	v, err := api.NewFallback[string]("only a default").Default("x").Execute(context.Background())
	require.NoError(t, err)
	require.Equal(t, "x", v)
}

// Promise (Fallback and composition): A chain tries its alternatives in order, and respects the caller's context. One without alternatives fails.
func TestAChainObeysItsCaller(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := api.NewFallback("data", live).Default("x").Execute(ctx)
	require.ErrorIs(t, err, context.Canceled)
}
