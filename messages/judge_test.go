package messages

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var errBoom = errors.New("boom")

func TestTheNewestErrorOfAChain(t *testing.T) {
	chain := func(errs ...error) error { return &FallbackError{Errs: errs} }
	wrapped := fmt.Errorf("get: %w", errBoom)
	for _, row := range []struct{ err, want error }{
		{errBoom, errBoom},
		{wrapped, wrapped},
		{chain(ErrCircuitOpen, errBoom), errBoom},
		{chain(ErrCircuitOpen, chain(ErrCircuitOpen, wrapped)), wrapped},
		{fmt.Errorf("get: %w", chain(ErrCircuitOpen, errBoom)), errBoom},
		{Permanent(chain(ErrCircuitOpen, errBoom)), errBoom},
	} {
		require.Equal(t, row.want, Newest(row.err))
	}
	for _, same := range []error{chain(), chain(errBoom, nil), &TimeoutError{Err: chain(errBoom)}, errors.Join(chain(errBoom), errBoom)} {
		require.Equal(t, same, Newest(same))
	}
	require.NoError(t, Newest(nil))
}

type refusal struct {
	refused bool
	after   time.Duration
}

func (refusal) Error() string               { return "refused" }
func (r refusal) Refused() bool             { return r.refused }
func (r refusal) RetryAfter() time.Duration { return r.after }

func TestTheWaitThatRefusalsAskFor(t *testing.T) {
	for _, row := range []struct {
		err  error
		want time.Duration
	}{
		{nil, 0},
		{errBoom, 0},
		{refusal{true, time.Second}, time.Second},
		{refusal{true, -time.Second}, 0},
		{refusal{false, time.Second}, 0},
		{errors.Join(errBoom, refusal{true, time.Second}, fmt.Errorf("get: %w", refusal{true, time.Minute})), time.Minute},
		{RetryAfter(errBoom, time.Second), 0}, // a mark is no refusal
	} {
		require.Equal(t, row.want, WaitOf(row.err))
	}
}

// closed is a ctx whose Done is closed although it has no error.
type closed struct{ context.Context }

func (closed) Done() <-chan struct{} {
	done := make(chan struct{})
	close(done)
	return done
}

func TestWhetherAContextHasEnded(t *testing.T) {
	ctx := context.Background()
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	late, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second))
	defer cancel()
	require.NoError(t, Ended(ctx))
	require.Equal(t, context.Canceled, Ended(cancelled))
	require.Equal(t, context.DeadlineExceeded, Ended(late))
	require.Equal(t, context.Canceled, Ended(closed{ctx}))
	require.True(t, IsCancelled(cancelled) && IsCancelled(closed{ctx}))
	require.False(t, IsCancelled(ctx) || IsCancelled(late))
}
