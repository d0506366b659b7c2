package torture

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// refusal is the error of a policy of somebody else.
type refusal bool

func (r refusal) Error() string { return "refused" }
func (r refusal) Refused() bool { return bool(r) }

// likeCancelled is an error that says it is context.Canceled, as a gRPC status does.
type likeCancelled struct{ error }

func (likeCancelled) Is(target error) bool { return target == context.Canceled }

// nothing joins no errors.
type nothing struct{ error }

func (nothing) Unwrap() []error { return nil }

// Promise (Torture): What the tree of an error says is read leaf by leaf: all must be neutral, or marked, to be Ignored.
func TestWhatTheTreeOfAnErrorSays(t *testing.T) {
	s := start(t)
	for name, row := range map[string]struct {
		err  error
		want api.Outcome
	}{
		"cancelled":                       {context.Canceled, api.Ignored},
		"cancelled twice":                 {errors.Join(context.Canceled, fmt.Errorf("so: %w", context.Canceled)), api.Ignored},
		"cancelled, and failed":           {errors.Join(context.Canceled, errBoom), api.Failure},
		"failed, and cancelled":           {errors.Join(errBoom, context.Canceled), api.Failure},
		"like cancelled":                  {likeCancelled{errBoom}, api.Ignored},
		"a deadline":                      {context.DeadlineExceeded, api.Failure},
		"a refusal":                       {fmt.Errorf("so: %w", refusal(true)), api.Ignored},
		"no refusal":                      {refusal(false), api.Failure},
		"an open circuit":                 {&api.CircuitOpenError{}, api.Ignored},
		"a timeout":                       {&api.TimeoutError{}, api.Failure},
		"a timeout, cancelled beneath":    {&api.TimeoutError{Err: context.Canceled}, api.Failure},
		"a timeout, marked beneath":       {&api.TimeoutError{Err: api.Ignore(errBoom)}, api.Failure},
		"a timeout that is marked":        {api.Ignore(&api.TimeoutError{}), api.Ignored},
		"a retry that was cancelled":      {&api.RetryError{Reason: "cancelled", Err: errBoom}, api.Failure},
		"a retry of a cancelled call":     {&api.RetryError{Reason: "attempts", Err: context.Canceled}, api.Ignored},
		"a retry of nothing":              {&api.RetryError{Reason: "cancelled"}, api.Failure},
		"marked":                          {fmt.Errorf("so: %w", api.Ignore(errBoom)), api.Ignored},
		"marked, and failed":              {errors.Join(api.Ignore(errBoom), errBoom), api.Failure},
		"an error that joins none":        {nothing{errBoom}, api.Failure},
		"marked, and one that joins none": {errors.Join(api.Ignore(errBoom), nothing{errBoom}), api.Failure},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := s.Breaker(name, api.BreakerConfig{FailureThreshold: api.Off})
			require.NoError(t, err)
			require.Equal(t, row.err, b.Run(context.Background(), func(context.Context) error { return row.err }))
			st, err := b.Stats()
			require.NoError(t, err)
			got := api.Success
			switch {
			case st.Failures == 1:
				got = api.Failure
			case st.Ignored == 1:
				got = api.Ignored
			}
			require.Equal(t, row.want, got)
		})
	}
}

// Promise (Torture): The longest RetryAfter in the tree of an error counts, wherever it is.
func TestTheLongestRetryAfterCounts(t *testing.T) {
	long, short := api.RetryAfter(errBoom, 20*time.Second), api.RetryAfter(errBoom, 10*time.Second)
	for name, failure := range map[string]error{
		"joined":         errors.Join(long, short),
		"joined anew":    errors.Join(short, long),
		"marked twice":   api.RetryAfter(long, 10*time.Second),
		"marked at last": api.RetryAfter(short, 20*time.Second),
		"beneath":        fmt.Errorf("so: %w", errors.Join(errBoom, fmt.Errorf("so: %w", long), short)),
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, err := start(t).Retry("r", api.RetryConfig{MaxAttempts: 2, Jitter: api.JitterNone})
				require.NoError(t, err)
				begin := time.Now()
				require.Error(t, r.Run(context.Background(), func(context.Context) error { return failure }))
				require.Equal(t, 20*time.Second, time.Since(begin))
			})
		})
	}
}
