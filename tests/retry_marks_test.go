package tests

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// wrappedBoom is an error of its own that wraps errBoom, marked.
type wrappedBoom struct{ error }

func (e *wrappedBoom) Unwrap() error { return e.error }

// nested makes the retry "inner" in the retry "api", each of three attempts at most,
// and returns the policy of both.
func nested(t *testing.T, s *api.System) api.Policy {
	inner, err := s.Retry("inner", api.RetryConfig{Jitter: api.JitterNone})
	require.NoError(t, err)
	return api.Compose(retry(t, s, api.RetryConfig{}), inner)
}

// Promise (Retry): A mark speaks to the nearest Retry only, which takes it off; an outer one decides anew.
func TestAMarkSpeaksToTheNearestRetry(t *testing.T) {
	permanent := api.Permanent(errBoom) // as a variable of a package: a mark is never written to
	rows := []struct {
		name string
		err  error
		at   []time.Duration
	}{
		{"Permanent", permanent, seconds(0, 1, 3)},
		{"Permanent again", permanent, seconds(0, 1, 3)},
		{"wrapped Permanent", &wrappedBoom{permanent}, seconds(0, 1, 3)},
		{"Permanent joined with another error", errors.Join(errCache, permanent), seconds(0, 1, 3)},
		{"both marks", api.RetryAfter(permanent, time.Hour), seconds(0, 1, 3)},
		{"RetryAfter", api.RetryAfter(errBoom, 10*time.Second), seconds(0, 10, 20, 21, 31, 41, 43, 53, 63)},
		{"wrapped RetryAfter", &wrappedBoom{api.RetryAfter(errBoom, 10*time.Second)}, seconds(0, 10, 20, 21, 31, 41, 43, 53, 63)},
		{"the longest RetryAfter", errors.Join(
			api.RetryAfter(errBoom, 5*time.Second), api.RetryAfter(api.RetryAfter(errBoom, 10*time.Second), time.Second),
		), seconds(0, 10, 20, 21, 31, 41, 43, 53, 63)},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				a := failures(100)
				a.err = row.err
				err := api.Run(context.Background(), nested(t, s), a.fn)
				require.Equal(t, row.at, a.at)
				require.ErrorIs(t, err, errBoom)
				require.ErrorIs(t, err, api.ErrExhausted)
			})
		})
	}
}

// Promise (Retry): A mark speaks to the nearest Retry only, which takes it off; an outer one decides anew.
func TestAMarkIsTakenOff(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		run := func(err error) error {
			return api.Run(context.Background(), retry(t, s, api.RetryConfig{}), func(context.Context) error { return err })
		}
		require.Equal(t, errBoom, run(api.Permanent(errBoom)))
		require.Equal(t, errBoom, run(api.RetryAfter(api.Permanent(errBoom), time.Second)))
		require.Equal(t, errBoom, requireGaveUp(t, run(api.RetryAfter(errBoom, time.Second))).Err)

		for name, marked := range map[string]error{
			"not retried": &wrappedBoom{api.Permanent(errBoom)}, "exhausted": fmt.Errorf("get: %w", &wrappedBoom{api.RetryAfter(errBoom, 1)}),
		} {
			err := run(marked)
			require.ErrorContains(t, err, marked.Error(), name)
			require.ErrorIs(t, err, errBoom, name)
			require.ErrorIs(t, err, marked, name)
			var wrapped *wrappedBoom
			require.ErrorAs(t, err, &wrapped, name)
		}
	})
}

// Promise (Retry): A mark speaks to the nearest Retry only, which takes it off; an outer one decides anew.
func TestAMarkDoesNotOutliveATimeout(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		inner, err := s.Retry("inner", api.RetryConfig{MaxAttempts: 2, Jitter: api.JitterNone})
		require.NoError(t, err)
		p := api.Compose(retry(t, s, api.RetryConfig{MaxAttempts: 2}), api.Timeout(5*time.Second), inner)
		begin := time.Now()
		err = api.Run(context.Background(), p, func(ctx context.Context) error {
			if api.Attempt(ctx) == 1 {
				return api.RetryAfter(errBoom, 3*time.Second)
			}
			<-ctx.Done()
			return ctx.Err()
		})
		require.ErrorIs(t, err, api.ErrTimeout)
		require.ErrorIs(t, err, errBoom)
		require.Equal(t, 11*time.Second, time.Since(begin), "5 s, the wait of 1 s, 5 s")
	})
}

// Promise (Retry): The newest error of a failed fallback chain decides whether it is retried.
func TestTheNewestErrorOfAFallbackChainDecides(t *testing.T) {
	open := &api.CircuitOpenError{Name: "other"}
	rows := []struct {
		name    string
		errs    []error
		retried bool
	}{
		{"an old refusal", []error{open, errBoom}, true},
		{"an old cancellation", []error{context.Canceled, errBoom}, true},
		{"an old shutdown", []error{api.ErrShutdown, errBoom}, true},
		{"an old mark", []error{api.Permanent(errCache), errBoom}, true},
		{"a new refusal", []error{errBoom, open}, false},
		{"a new mark", []error{errBoom, api.Permanent(errCache)}, false},
		{"a nested chain", []error{open, &api.FallbackError{Errs: []error{open, errBoom}}}, true},
		{"a nested chain with a new refusal", []error{errBoom, &api.FallbackError{Errs: []error{errBoom, open}}}, false},
		{"no error at all", []error{}, true},
		{"no last error", []error{open, nil}, false},
	}
	for _, row := range rows {
		for wrapping, wrap := range map[string]func(error) error{
			"plain": func(err error) error { return err }, "wrapped": func(err error) error { return fmt.Errorf("get: %w", err) },
		} {
			t.Run(row.name+" "+wrapping, func(t *testing.T) {
				bubble(t, func(t *testing.T, s *api.System) {
					a := failures(100)
					a.err = wrap(&api.FallbackError{Errs: row.errs})
					err := api.Run(context.Background(), retry(t, s, api.RetryConfig{}), a.fn)
					require.Equal(t, row.retried, errors.Is(err, api.ErrExhausted))
					require.Equal(t, row.retried, len(a.at) == 3)
				})
			})
		}
	}
}

// Promise (Retry): The newest error of a failed fallback chain decides whether it is retried.
func TestARetryAroundAFailedFallbackChain(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{})
		require.NoError(t, b.ForceOpen())
		attempts := 0
		err := api.Run(context.Background(), retry(t, s, api.RetryConfig{}), func(ctx context.Context) error {
			attempts++
			return api.Run(ctx, b, succeed, fail)
		})
		require.ErrorIs(t, err, api.ErrExhausted)
		require.Equal(t, 3, attempts)
	})
}
