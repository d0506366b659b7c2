package checkout

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	understudy "github.com/understudy-go/understudy/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = errors.New("connection refused")

// script plays the payment service: each call returns the next error, and the last
// error is returned for ever.
type script struct {
	errs  []error
	calls int
}

func (s *script) Charge(context.Context, string) (string, error) {
	err := s.errs[min(s.calls, len(s.errs)-1)]
	s.calls++
	if err != nil {
		return "", err
	}
	return "receipt", nil
}

// shop is a Checkout under test, and the orders that it has queued.
type shop struct {
	*Checkout
	sys    *understudy.System
	queued []string
}

// story runs play in a bubble of virtual time. The System starts and is shut
// down inside the bubble: its goroutines and timers belong to it.
func story(t *testing.T, payments Payments, play func(t *testing.T, s *shop)) {
	synctest.Test(t, func(t *testing.T) {
		sys, err := understudy.Start(understudy.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, sys.Shutdown(context.Background())) })
		s := &shop{sys: sys}
		s.Checkout, err = New(sys, payments, func(order string) { s.queued = append(s.queued, order) })
		require.NoError(t, err)
		play(t, s)
	})
}

// The waits between attempts take no real time. Jitter makes them random, so
// the test asserts a range: 1 s and 2 s, 25 % more or less.
func TestAFailedChargeIsTriedAgain(t *testing.T) {
	payments := &script{errs: []error{errDown, errDown, nil}}
	story(t, payments, func(t *testing.T, s *shop) {
		began := time.Now()
		receipt, err := s.Charge(t.Context(), "order 1")
		require.NoError(t, err)
		require.Equal(t, "receipt", receipt)
		require.Equal(t, 3, payments.calls)
		require.InDelta(t, 3.0, time.Since(began).Seconds(), 0.75)
	})
}

// Five failures open the circuit. The sixth call is refused, and a minute
// later the circuit admits trials; three successes close it. No test has to
// poll: when a call returns, its outcome is counted.
func TestAnOutageQueuesOrdersAndEnds(t *testing.T) {
	payments := &script{errs: []error{errDown, errDown, errDown, errDown, errDown, nil}}
	story(t, payments, func(t *testing.T, s *shop) {
		for _, order := range []string{"order 1", "order 2", "order 3"} {
			receipt, err := s.Charge(t.Context(), order)
			require.NoError(t, err)
			require.Equal(t, Queued, receipt)
		}
		require.Equal(t, []string{"order 1", "order 2", "order 3"}, s.queued)
		require.Equal(t, 5, payments.calls, "the open circuit spares the service")

		breaker, _ := s.sys.LookupBreaker("payments")
		require.Equal(t, understudy.Open, breaker.State())
		time.Sleep(breaker.TimeUntilReset())
		for range 3 {
			receipt, err := s.Charge(t.Context(), "order 4")
			require.NoError(t, err)
			require.Equal(t, "receipt", receipt)
		}
		require.Equal(t, understudy.Closed, breaker.State())
	})
}

// hung plays a payment service that takes a request and never answers.
type hung struct{}

func (hung) Charge(ctx context.Context, _ string) (string, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

// There are no retries here, and so no jitter: the time is exact.
func TestACallToAHungServiceEndsAfterTenSeconds(t *testing.T) {
	story(t, hung{}, func(t *testing.T, s *shop) {
		began := time.Now()
		receipt, err := s.Charge(t.Context(), "order 1")
		require.NoError(t, err)
		require.Equal(t, Queued, receipt)
		require.Equal(t, 10*time.Second, time.Since(began))
	})
}

// ForceOpen opens the circuit without failures.
func TestAnOpenCircuitQueuesOrders(t *testing.T) {
	payments := &script{errs: []error{nil}}
	story(t, payments, func(t *testing.T, s *shop) {
		breaker, _ := s.sys.LookupBreaker("payments")
		require.NoError(t, breaker.ForceOpen())
		receipt, err := s.Charge(t.Context(), "order 1")
		require.NoError(t, err)
		require.Equal(t, Queued, receipt)
		require.Zero(t, payments.calls)
	})
}

// A declined card is an answer, not a failure.
func TestADeclinedCardIsNeitherRetriedNorCounted(t *testing.T) {
	payments := &script{errs: []error{ErrDeclined}}
	story(t, payments, func(t *testing.T, s *shop) {
		for range 10 {
			_, err := s.Charge(t.Context(), "order 1")
			require.ErrorIs(t, err, ErrDeclined)
		}
		require.Equal(t, 10, payments.calls)
		require.Empty(t, s.queued)

		breaker, _ := s.sys.LookupBreaker("payments")
		stats, err := breaker.Stats()
		require.NoError(t, err)
		require.Zero(t, stats.Failures)
	})
}

// Shutdown delivers all events that wait, so the test has them afterwards.
func TestAnOutageIsAnEvent(t *testing.T) {
	story(t, &script{errs: []error{errDown}}, func(t *testing.T, s *shop) {
		var opened []understudy.BreakerChanged
		s.sys.Subscribe(func(e understudy.Event) {
			if e, ok := e.(understudy.BreakerChanged); ok && e.To == understudy.Open {
				opened = append(opened, e)
			}
		})
		for range 2 {
			_, err := s.Charge(t.Context(), "order 1")
			require.NoError(t, err)
		}
		require.NoError(t, s.sys.Shutdown(t.Context()))
		require.Len(t, opened, 1)
		require.Equal(t, "5 failures", opened[0].Reason)
	})
}
