package breaker

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

// asks is every kind of question to an owner.
var asks = map[string]func(h *Handle) error{
	"Call": func(h *Handle) error {
		_, err := question(context.Background(), h, &h.shared.calls, messages.Call{})
		return err
	},
	"Result": func(h *Handle) error {
		_, err := question(context.Background(), h, &h.shared.results, messages.Result{Permit: messages.Permit{Epoch: 1}, Outcome: messages.Failure})
		return err
	},
	"Stats":     func(h *Handle) error { _, err := h.Stats(); return err },
	"Order":     func(h *Handle) error { return h.Control(messages.Control{Order: messages.ForceOpen}) },
	"Configure": func(h *Handle) error { return h.Configure(Config{FailureThreshold: 1}) },
}

func TestACrashFailsItsQuestionAndLosesNothing(t *testing.T) {
	for what, ask := range asks {
		t.Run(what, func(t *testing.T) {
			inBubble(t, Config{}, func(t *testing.T, host *host, h *Handle) {
				require.NoError(t, fail(h))
				require.NoError(t, fail(h))
				require.NoError(t, do(h, 0, messages.Ignored))
				want := stats(t, h)
				require.NoError(t, do(h, 0, messages.Ignored))
				want.Ignored++

				host.poison.Store(true)
				require.ErrorIs(t, ask(h), messages.ErrCrashed)
				synctest.Wait()
				require.Equal(t, want, stats(t, h))
				require.Equal(t, 5, h.Config().FailureThreshold)

				asked := host.Questions.Load()
				require.NoError(t, succeed(h))
				require.Equal(t, asked, host.Questions.Load(), "the lease is not left sealed")
				want.Successes, want.ConsecutiveFailures = 1, 0
				require.Equal(t, want, stats(t, h))
			})
		})
	}
}

// What callers count before the crash is counted once; attempts during it are not.
func TestACrashKeepsTheTally(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, host *host, h *Handle) {
		for range 7 {
			require.NoError(t, succeed(h))
		}
		host.poison.Store(true)
		_, err := question(context.Background(), h, &h.shared.stats, struct{}{})
		require.ErrorIs(t, err, messages.ErrCrashed)
		require.NoError(t, succeed(h))
		require.Equal(t, messages.BreakerStats{Successes: 8}, stats(t, h))
	})
}

func TestACrashOnSettingsThatAreNotThere(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, host *host, h *Handle) {
		_, err := question(context.Background(), h, &h.shared.configures, nil)
		require.ErrorIs(t, err, messages.ErrCrashed)
		require.Equal(t, 5, h.Config().FailureThreshold)
		require.NoError(t, fail(h))
		require.Equal(t, messages.BreakerStats{Failures: 1, ConsecutiveFailures: 1}, stats(t, h))
	})
}

func TestACrashKeepsTrialsAndTheirDeadlines(t *testing.T) {
	cfg := Config{FailureThreshold: 1, HalfOpenMaxCalls: 2, TrialTimeout: 10 * time.Second}
	inBubble(t, cfg, func(t *testing.T, host *host, h *Handle) {
		require.NoError(t, fail(h))
		time.Sleep(time.Minute)
		synctest.Wait() // or the poison could meet the tick that half-opens
		first, err := h.Admit(context.Background())
		require.NoError(t, err)
		_, err = h.Admit(context.Background()) // the second never reports
		require.NoError(t, err)

		host.poison.Store(true)
		_, err = h.Stats()
		require.ErrorIs(t, err, messages.ErrCrashed)
		require.Equal(t, 2, stats(t, h).Trials)
		require.ErrorIs(t, succeed(h), messages.ErrCircuitOpen)
		settle(h, first, messages.Success)
		s := stats(t, h)
		require.Equal(t, 1, s.Trials)
		require.EqualValues(t, 1, s.Successes)

		time.Sleep(10 * time.Second)
		synctest.Wait()
		require.Equal(t, messages.Open, h.State(), "the second's trial was reclaimed by a timer that the owner set after the restart")
	})
}

func TestACrashKeepsTheMode(t *testing.T) {
	for o, want := range map[messages.Order]messages.Mode{messages.ForceOpen: messages.ForcedOpen, messages.Disable: messages.Disabled} {
		inBubble(t, Config{}, func(t *testing.T, host *host, h *Handle) {
			require.NoError(t, h.Control(messages.Control{Order: o}))
			state := h.State()
			host.poison.Store(true)
			require.ErrorIs(t, h.Control(messages.Control{Order: messages.Reset}), messages.ErrCrashed)
			require.Equal(t, want, stats(t, h).Mode)
			require.Equal(t, state, h.State())
		})
	}
}

func TestACrashOnATickIsMadeUpFor(t *testing.T) {
	inBubble(t, Config{FailureThreshold: 1}, func(t *testing.T, host *host, h *Handle) {
		require.NoError(t, fail(h))
		time.Sleep(59999 * time.Millisecond)
		synctest.Wait()
		host.poison.Store(true) // the tick that half-opens
		time.Sleep(time.Second)
		synctest.Wait()
		require.False(t, host.poison.Load())
		require.Len(t, host.changes(), 2)
		require.Equal(t, messages.HalfOpen, h.lease.Load().state)
	})
}

func TestOthersGoOnWhileOneCrashes(t *testing.T) {
	inBubble(t, Config{FailureThreshold: Off}, func(t *testing.T, host *host, h *Handle) {
		require.NoError(t, fail(h))
		held := make(ownertest.Hold)
		host.Owners()[0].Send(held)
		host.poison.Store(true)
		errs := make(chan error, 10)
		for range cap(errs) {
			go func() { // ends when the owner has answered
				_, err := h.Stats()
				errs <- err
			}()
		}
		synctest.Wait()
		close(held)
		crashed := 0
		for range cap(errs) {
			if err := <-errs; err != nil {
				require.ErrorIs(t, err, messages.ErrCrashed)
				crashed++
			}
		}
		require.Equal(t, 1, crashed)
	})
}
