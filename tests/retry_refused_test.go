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

// always lets every error be retried.
func always(error) bool { return true }

// full is the refusal of a policy that is not a breaker.
type full struct{ after time.Duration }

func (full) Error() string                   { return "full" }
func (full) Refused() bool                   { return true }
func (f full) RetryAfter() time.Duration     { return f.after }
func (f full) fn(context.Context) error      { return f }
func (f full) wrapped(context.Context) error { return errors.Join(fmt.Errorf("get: %w", f), full{}) }

// Promise (Retry): A refusal after a failed attempt ends the call with that failure, the Reason "refused" and the refusal.
func TestARefusalDoesNotHideTheFailureBeforeIt(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		expired := errors.New("certificate expired")
		p := api.Compose(retry(t, s, api.RetryConfig{}), breaker(t, s, api.BreakerConfig{FailureThreshold: 1}))
		err := api.Run(context.Background(), p, func(context.Context) error { return api.RetryAfter(expired, time.Second) })
		var open *api.CircuitOpenError
		require.ErrorAs(t, err, &open)
		require.Equal(t, &api.RetryError{Name: "api", Attempts: 2, Reason: "refused", Err: expired, Cause: open}, err)
		require.ErrorIs(t, err, expired)
		require.ErrorIs(t, err, api.ErrCircuitOpen)
		require.NotErrorIs(t, err, api.ErrExhausted)
		require.EqualError(t, err, "Retry 'api' gave up after 2 attempts (refused: Circuit breaker 'api' is open. Resets in 59.0s): certificate expired")

		require.Equal(t, open, api.Run(context.Background(), p, fail), "a first attempt that is refused comes back as it is")
	})
}

// Promise (Retry): A refusal after a failed attempt ends the call with that failure, the Reason "refused" and the refusal.
func TestRefusalsThatAreRetriedDoNotHideTheFailureBeforeThem(t *testing.T) {
	deadline := func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), 1500*time.Millisecond)
	}
	none := func() (context.Context, context.CancelFunc) { return context.WithCancel(context.Background()) }
	for reason, ctx := range map[string]func() (context.Context, context.CancelFunc){"attempts": none, "deadline": deadline} {
		bubble(t, func(t *testing.T, s *api.System) {
			ctx, cancel := ctx()
			defer cancel()
			err := api.Run(ctx, retry(t, s, api.RetryConfig{Retryable: always}), func(ctx context.Context) error {
				if api.Attempt(ctx) == 1 {
					return errBoom
				}
				return full{}
			})
			require.Equal(t, reason, requireGaveUp(t, err).Reason)
			require.Equal(t, errBoom, requireGaveUp(t, err).Err)
			require.Equal(t, full{}, requireGaveUp(t, err).Cause)
		})
	}
}

// Promise (Retry): A refusal after a failed attempt ends the call with that failure, the Reason "refused" and the refusal.
func TestTheLastFailureIsTheOneThatCounts(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		results := []error{full{}, errBoom, full{}, errCache}
		run := func() error {
			return api.Run(context.Background(), retry(t, s, api.RetryConfig{MaxAttempts: 4, Retryable: always}), func(ctx context.Context) error {
				return results[api.Attempt(ctx)-1]
			})
		}
		require.Equal(t, &api.RetryError{Name: "api", Attempts: 4, Reason: "attempts", Err: errCache}, run())
		results = []error{full{}, full{}, full{}, full{}}
		require.Equal(t, &api.RetryError{Name: "api", Attempts: 4, Reason: "attempts", Err: full{}}, run(), "none has failed")
	})
}

func requireGaveUp(t *testing.T, err error) *api.RetryError {
	t.Helper()
	var gaveUp *api.RetryError
	require.ErrorAs(t, err, &gaveUp)
	return gaveUp
}

// Promise (Retry): If Retryable lets a refusal be retried, the retry waits as long as the refusal says, up to MaxDelay.
func TestARetryWaitsForTheCircuit(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1, ResetTimeout: 40 * time.Second})
		a := failures(1)
		require.NoError(t, api.Run(context.Background(), api.Compose(retry(t, s, api.RetryConfig{Retryable: always}), b), a.fn))
		require.Equal(t, seconds(0, 40), a.at, "refused at 1 s, and then admitted as a trial")
	})
}

// Promise (Retry): If Retryable lets a refusal be retried, the retry waits as long as the refusal says, up to MaxDelay.
func TestTheWaitThatARefusalAsksFor(t *testing.T) {
	rows := []struct {
		name string
		cfg  api.RetryConfig
		fn   func(context.Context) error
		want time.Duration
	}{
		{"longer than the back-off", api.RetryConfig{}, full{7 * time.Second}.fn, 7 * time.Second},
		{"shorter than the back-off", api.RetryConfig{}, full{time.Millisecond}.fn, time.Second},
		{"not known", api.RetryConfig{}, full{}.fn, time.Second},
		{"negative", api.RetryConfig{}, full{-time.Hour}.fn, time.Second},
		{"capped", api.RetryConfig{MaxDelay: 5 * time.Second}, full{7 * time.Second}.fn, 5 * time.Second},
		{"without jitter", api.RetryConfig{Jitter: api.JitterFull}, full{7 * time.Second}.fn, 7 * time.Second},
		{"the longest of a tree", api.RetryConfig{}, full{7 * time.Second}.wrapped, 7 * time.Second},
		{"a mark is longer", api.RetryConfig{}, func(context.Context) error { return api.RetryAfter(full{7 * time.Second}, time.Minute) }, time.Minute},
		{"not that of an older error", api.RetryConfig{}, func(context.Context) error {
			return &api.FallbackError{Errs: []error{full{7 * time.Second}, errBoom}}
		}, time.Second},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				row.cfg.MaxAttempts, row.cfg.Retryable = 2, always
				r := retry(t, s, row.cfg)
				require.Equal(t, row.want, took(func() { require.Error(t, api.Run(context.Background(), r, row.fn)) }))
			})
		})
	}
}
