package breaker

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

func TestAfterShutdownEverythingIsRefused(t *testing.T) {
	for _, asked := range []bool{false, true} {
		inBubble(t, Config{}, func(t *testing.T, host *host, h *Handle) {
			if asked {
				require.NoError(t, fail(h))
			}
			lease, _ := h.Lease()
			host.Shutdown()
			h.Close()
			_, ok := h.Lease()
			require.False(t, ok)
			require.False(t, lease.Succeed(), "nothing more is counted")
			_, admit := h.Admit(context.Background())
			_, stats := h.Stats()
			for _, err := range []error{admit, stats, h.Control(messages.Control{Order: messages.Reset}), h.Configure(Config{})} {
				require.ErrorIs(t, err, messages.ErrShutdown)
			}
			settle(h, lease.Permit(), messages.Failure) // a call that was running returns
			require.Equal(t, messages.Closed, h.State())
			require.Equal(t, 5, h.Config().FailureThreshold)
		})
	}
}

func TestShutdownFreesCallersThatWait(t *testing.T) {
	inBubble(t, Config{FailureThreshold: 1}, func(t *testing.T, host *host, h *Handle) {
		require.NoError(t, fail(h))
		time.Sleep(time.Minute)
		held := make(ownertest.Hold)
		host.Owners()[0].Send(held)
		var waiting sync.WaitGroup
		for range 20 {
			waiting.Go(func() {
				if err := succeed(h); err != nil && !errors.Is(err, messages.ErrShutdown) && !errors.Is(err, messages.ErrCircuitOpen) {
					t.Errorf("neither an answer nor the shutdown: %v", err)
				}
			})
			waiting.Go(func() { _, _ = h.Stats() })
		}
		synctest.Wait()
		go close(held) // ends at once
		host.Shutdown()
		waiting.Wait()
	})
}

func TestTotalsAddUpWhateverHappensAtOnce(t *testing.T) {
	inBubble(t, Config{FailureThreshold: 3, ResetTimeout: time.Millisecond, TrialTimeout: time.Hour, FailureRate: 0.9}, func(t *testing.T, host *host, h *Handle) {
		var callers sync.WaitGroup
		for i := range 8 {
			callers.Go(func() {
				for n := range 200 {
					_ = do(h, time.Duration(n%3)*time.Millisecond, messages.Outcome(n*(i+1)%7%3))
					switch n % 50 {
					case 20:
						_ = h.Configure(Config{FailureThreshold: 3, ResetTimeout: time.Millisecond, TrialTimeout: time.Hour, Window: CountWindow(50 + i)})
					case 40:
						_ = h.Control(messages.Control{Order: messages.Order(n / 50 % 3)})
						_ = h.Control(messages.Control{Order: messages.Reset})
					}
				}
			})
		}
		callers.Wait()
		s := stats(t, h)
		require.EqualValues(t, 8*200, s.Successes+s.Failures+s.Ignored+s.Late+s.Rejected)
		require.Zero(t, s.Trials)
		last := messages.Closed
		for _, c := range host.changes() {
			require.Equal(t, last, c.From)
			last = c.To
		}
	})
}
