package tests

import (
	"context"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Fallback and composition): Policies are listed outermost first, and compositions nest.
func TestPoliciesAreListedOutermostFirst(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{MaxAttempts: 3})
		b := breaker(t, s, api.BreakerConfig{})
		require.Error(t, api.Run(context.Background(), api.Compose(r, b), fail))
		require.EqualValues(t, 3, stats(t, b).Failures, "retry around breaker: each attempt counts")
		require.NoError(t, b.Reset())
		require.Error(t, api.Run(context.Background(), api.Compose(b, r), fail))
		require.EqualValues(t, 4, stats(t, b).Failures, "breaker around retry: the call counts")
	})
}

// Promise (Fallback and composition): Policies are listed outermost first, and compositions nest.
func TestATimeoutBoundsTheWholeOrEachAttempt(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{MaxAttempts: 3})
		whole := took(func() {
			requireTimeout(t, api.Run(context.Background(), api.Compose(api.Timeout(2*time.Second), r), polite))
		})
		require.Equal(t, 2*time.Second, whole)
		each := took(func() {
			err := api.Run(context.Background(), api.Compose(r, api.Timeout(2*time.Second)), polite)
			require.ErrorIs(t, err, api.ErrExhausted)
			require.ErrorIs(t, err, api.ErrTimeout)
		})
		require.Equal(t, 9*time.Second, each, "three attempts of 2 s, waits of 1 s and 2 s")
	})
}

// Promise (Fallback and composition): A retry returns at once if the circuit inside is open, or if the wait would outlast its deadline.
func TestAnOpenCircuitStopsARetryAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{MaxAttempts: 9})
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 2})
		a := failures(100)
		err := api.Run(context.Background(), api.Compose(r, b), a.fn)
		require.ErrorIs(t, err, api.ErrCircuitOpen)
		require.Len(t, a.at, 2)
	})
}

// Promise (Fallback and composition): Policies are listed outermost first, and compositions nest.
func TestCompositionsNest(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{MaxAttempts: 2})
		b := breaker(t, s, api.BreakerConfig{})
		p := api.Compose(api.Timeout(time.Minute), api.Compose(r, api.Compose(b)))
		require.ErrorIs(t, api.Run(context.Background(), p, fail), api.ErrExhausted)
		require.EqualValues(t, 2, stats(t, b).Failures)
	})
}

// Promise (Fallback and composition): Without a policy the function runs plainly. Do returns any type; Wrap decorates a function.
func TestNoPolicyRunsTheFunctionPlainly(t *testing.T) {
	for _, p := range []api.Policy{nil, api.Compose(), api.Compose(api.Compose())} {
		v, err := api.Do(context.Background(), p, func(context.Context) (int, error) { return 7, errBoom })
		require.Same(t, errBoom, err)
		require.Equal(t, 7, v, "its value too")
		require.NoError(t, api.Run(context.Background(), p, succeed))
	}
}

// Promise (Fallback and composition): Without a policy the function runs plainly. Do returns any type; Wrap decorates a function.
func TestAnyTypeIsReturned(t *testing.T) {
	type order struct{ id int }
	bubble(t, func(t *testing.T, s *api.System) {
		p := api.Compose(api.Timeout(time.Second), retry(t, s, api.RetryConfig{}), breaker(t, s, api.BreakerConfig{}))
		o, err := api.Do(context.Background(), p, func(context.Context) (*order, error) { return &order{7}, nil })
		require.NoError(t, err)
		require.Equal(t, &order{7}, o)
	})
}

// Promise (Fallback and composition): Without a policy the function runs plainly. Do returns any type; Wrap decorates a function.
func TestWrapDecoratesAFunction(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
		ok := api.Wrap(b, func(context.Context) (int, error) { return 7, nil })
		v, err := ok(context.Background())
		require.NoError(t, err)
		require.Equal(t, 7, v)

		get := api.Wrap1(b, func(_ context.Context, n int) (string, error) { return strconv.Itoa(n), errBoom },
			func(ctx context.Context, n int) (string, error) {
				require.Error(t, api.Cause(ctx))
				return "cached " + strconv.Itoa(n), nil
			})
		for range 2 { // a failure, then an open circuit
			got, err := get(context.Background(), 42)
			require.NoError(t, err)
			require.Equal(t, "cached 42", got)
		}
		_, err = ok(context.Background())
		require.ErrorIs(t, err, api.ErrCircuitOpen)
		v, err = api.Wrap(b, func(context.Context) (int, error) { return 7, nil }, api.Value(1))(context.Background())
		require.NoError(t, err)
		require.Equal(t, 1, v)
	})
}

// Promise (Concurrency and cost): A function may use the breaker that it runs in.
func TestABreakerMayBeEnteredFromInsideItself(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		require.NoError(t, b.Run(context.Background(), func(ctx context.Context) error {
			require.ErrorIs(t, b.Run(ctx, fail), errBoom)
			require.NoError(t, b.ForceOpen())
			require.NoError(t, b.Reset())
			_, err := b.Stats()
			return err
		}))
	})
}

// Promise (Circuit breaker): If ctx is done before the call, any policy returns its error, does not run the function, and counts nothing.
func TestADoneContextStartsNothingUnderAnyPolicy(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		r, b, limit := retry(t, s, api.RetryConfig{}), breaker(t, s, api.BreakerConfig{}), api.Timeout(time.Second)
		cooperative := api.TimeoutConfig{Limit: time.Second, Cooperative: true}
		for _, p := range []api.Policy{nil, r, b, limit, cooperative, api.Compose(), api.Compose(limit, r, b), api.Compose(b, r, limit)} {
			err := api.Run(ctx, p, func(context.Context) error { t.Error("it ran"); return nil })
			require.Equal(t, context.Canceled, err, "%T", p)
		}
		require.Equal(t, api.BreakerStats{Name: "api"}, stats(t, b))
	})
}

// Promise (Fallback and composition): A retry returns at once if the circuit inside is open, or if the wait would outlast its deadline.
func TestARetryUnderATimeoutDoesNotWaitInVain(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		r := retry(t, s, api.RetryConfig{InitialDelay: 2 * time.Second})
		var err error
		require.Zero(t, took(func() { err = api.Run(context.Background(), api.Compose(api.Timeout(time.Second), r), fail) }))
		requireRetryError(t, err, "deadline", 1)
	})
}
