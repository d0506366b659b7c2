package tests

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

var errCause = errors.New("the user closed the page")

// Promise (Retry): The cause of a ctx that ends during a call is reachable in the error.
func TestTheCauseOfACancellationIsKept(t *testing.T) {
	type ending struct {
		ctx context.Context
		end func()
	}
	cancelled := func() ending {
		ctx, cancel := context.WithCancelCause(context.Background())
		return ending{ctx, func() { cancel(errCause) }}
	}
	expired := func() ending {
		ctx, cancel := context.WithTimeoutCause(context.Background(), 2500*time.Millisecond, errCause)
		return ending{ctx, cancel}
	}
	rows := []struct {
		name   string
		make   func() ending
		first  time.Duration // of the first attempt
		reason string
		is     error
		cause  error
	}{
		{"cancelled during the wait", cancelled, 0, "cancelled", context.Canceled, errCause},
		{"cancelled during an attempt", cancelled, 10 * time.Second, "cancelled", context.Canceled, errCause},
		{"expired during an attempt", expired, 10 * time.Second, "deadline", context.DeadlineExceeded, errCause},
		{"not expired yet", expired, 2 * time.Second, "deadline", context.DeadlineExceeded, nil},
		{"without a cause", func() ending {
			ctx, cancel := context.WithCancel(context.Background())
			return ending{ctx, cancel}
		}, 0, "cancelled", context.Canceled, nil},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				ending := row.make()
				defer ending.end()
				if row.is == context.Canceled {
					time.AfterFunc(500*time.Millisecond, ending.end)
				}
				err := api.Run(ending.ctx, retry(t, s, api.RetryConfig{}), func(context.Context) error {
					time.Sleep(row.first)
					return errBoom
				})
				require.Equal(t, &api.RetryError{Name: "api", Attempts: 1, Reason: row.reason, Err: errBoom, Cause: row.cause}, err)
				require.ErrorIs(t, err, row.is)
				require.Equal(t, row.cause != nil, errors.Is(err, errCause))
			})
		})
	}
}

// Promise (Retry): The cause of a ctx that ends during a call is reachable in the error.
func TestARefusalAndACauseAreBothKept(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		ctx, cancel := context.WithCancelCause(context.Background())
		time.AfterFunc(1500*time.Millisecond, func() { cancel(errCause) })
		err := api.Run(ctx, retry(t, s, api.RetryConfig{Retryable: always}), func(ctx context.Context) error {
			if api.Attempt(ctx) == 1 {
				return errBoom
			}
			return full{}
		})
		for _, is := range []error{errBoom, full{}, errCause, context.Canceled} {
			require.ErrorIs(t, err, is)
		}
	})
}

// handMade is a ctx that closes Done and has no error.
type handMade struct {
	context.Context
	done chan struct{}
}

func (c *handMade) Done() <-chan struct{} { return c.done }

// Promise (Retry): A ctx whose Done is closed ends the call, even if it has no error.
func TestAHandMadeContextEndsTheCall(t *testing.T) {
	for name, row := range map[string]struct{ attempt, end time.Duration }{
		"during the wait": {0, 500 * time.Millisecond}, "during an attempt": {time.Second, 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				ctx := &handMade{context.Background(), make(chan struct{})}
				time.AfterFunc(row.end, func() { close(ctx.done) })
				attempts := 0
				err := api.Run(ctx, retry(t, s, api.RetryConfig{MaxAttempts: 5}), func(context.Context) error {
					attempts++
					time.Sleep(row.attempt)
					return errBoom
				})
				require.Equal(t, 1, attempts)
				require.Equal(t, &api.RetryError{Name: "api", Attempts: 1, Reason: "cancelled", Err: errBoom}, err)
			})
		})
	}
}
