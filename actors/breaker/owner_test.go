package breaker

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

// inBubble runs a test with a breaker in a new host, in virtual time.
func inBubble(t *testing.T, cfg Config, test func(t *testing.T, host *host, h *Handle)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		host := newHost()
		defer host.Shutdown()
		test(t, host, newHandle(t, host, cfg))
	})
}

func newHandle(t testing.TB, host *host, cfg Config) *Handle {
	t.Helper()
	cfg, err := cfg.Normalize("api")
	require.NoError(t, err)
	h := &Handle{}
	h.Init(NewShared(host), "api", cfg)
	host.victim = h
	return h
}

// do makes a call, as the facade does, that takes that long and returns that error.
func do(h *Handle, took time.Duration, outcome messages.Outcome) error {
	if lease, ok := h.Lease(); ok {
		time.Sleep(took)
		if outcome != messages.Success || !lease.Succeed() {
			settle(h, lease.Permit(), outcome)
		}
		return nil
	}
	permit, err := h.Admit(context.Background())
	if err != nil {
		return err
	}
	time.Sleep(took)
	settle(h, permit, outcome)
	return nil
}

func succeed(h *Handle) error { return do(h, 0, messages.Success) }

func fail(h *Handle) error { return do(h, 0, messages.Failure) }

// stats asks for the counts, and leaves out the name and the last failure.
func stats(t *testing.T, h *Handle) messages.BreakerStats {
	t.Helper()
	s, err := h.Stats()
	require.NoError(t, err)
	require.Equal(t, "api", s.Name)
	s.Name, s.LastFailure, s.LastFailureAt = "", nil, time.Time{}
	return s
}

func TestTheNextCallSeesWhatTheLastOneDid(t *testing.T) {
	inBubble(t, Config{FailureThreshold: 3}, func(t *testing.T, host *host, h *Handle) {
		for range 3 {
			require.Equal(t, messages.Closed, h.State())
			require.NoError(t, fail(h))
		}
		require.Equal(t, messages.Open, h.State())
		require.Equal(t, time.Minute, h.TimeUntilReset())
		var refusal *messages.CircuitOpenError
		require.ErrorAs(t, fail(h), &refusal)
		require.Equal(t, "Circuit breaker 'api' is open. Resets in 60.0s", refusal.Error())
		require.Equal(t, messages.BreakerStats{
			State: messages.Open, ConsecutiveFailures: 3, Failures: 3, Rejected: 1, Opened: 1, TimeUntilReset: time.Minute,
		}, stats(t, h))
	})
}

func TestItHalfOpensAndReclaimsByItsOwnTimer(t *testing.T) {
	cfg := Config{FailureThreshold: 1, HalfOpenMaxCalls: 1, TrialTimeout: 10 * time.Second}
	inBubble(t, cfg, func(t *testing.T, host *host, h *Handle) {
		began := time.Now()
		require.NoError(t, fail(h))
		time.Sleep(61 * time.Second)
		_, err := h.Admit(context.Background()) // and never reports
		require.NoError(t, err)
		require.EqualError(t, succeed(h), "Circuit breaker 'api' is half-open and all its trials are taken")
		time.Sleep(time.Minute)
		synctest.Wait()

		want := []messages.BreakerChanged{
			{Name: "api", From: messages.Closed, To: messages.Open, Reason: "1 failure", Failures: 1, At: began},
			{Name: "api", From: messages.Open, To: messages.HalfOpen, Reason: "reset timeout is over", At: began.Add(60 * time.Second)},
			{Name: "api", From: messages.HalfOpen, To: messages.Open, Reason: "a trial did not report within 10s", Failures: 2, At: began.Add(71 * time.Second)},
		}
		got := host.changes()
		require.Len(t, got, len(want))
		for i := range want {
			require.True(t, want[i].At.Equal(got[i].At), "%v at %v", got[i].Reason, got[i].At.Sub(began))
			got[i].At = want[i].At
		}
		require.Equal(t, want, got)
	})
}

func TestACallerThatLeavesGivesItsTrialBack(t *testing.T) {
	inBubble(t, Config{FailureThreshold: 1, HalfOpenMaxCalls: 1}, func(t *testing.T, host *host, h *Handle) {
		require.NoError(t, fail(h))
		time.Sleep(time.Minute)
		held := make(ownertest.Hold)
		host.Owners()[0].Send(held)

		ctx, leave := context.WithCancel(context.Background())
		left := make(chan error)
		go func() { // ends with the test
			_, err := h.Admit(ctx)
			left <- err
		}()
		synctest.Wait()
		leave()
		require.ErrorIs(t, <-left, context.Canceled)
		close(held)
		synctest.Wait()

		s := stats(t, h)
		require.Zero(t, s.Trials)
		require.Zero(t, s.Ignored, "it was never admitted")
		require.NoError(t, succeed(h))
		require.Equal(t, messages.Closed, h.State())
	})
}

func TestAResultWaitsForItsOwnerWhateverTheCallersContext(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, host *host, h *Handle) {
		require.NoError(t, fail(h))
		held := make(ownertest.Hold)
		host.Owners()[0].Send(held)
		returned := make(chan struct{})
		go func() { // ends with the test
			_ = fail(h)
			close(returned)
		}()
		time.Sleep(time.Hour)
		select {
		case <-returned:
			t.Fatal("returned before its failure was in")
		default:
		}
		close(held)
		<-returned
		require.EqualValues(t, 2, stats(t, h).Failures)
	})
}

func TestStaleAndEarlyTicksDoNothing(t *testing.T) {
	inBubble(t, Config{FailureThreshold: 1}, func(t *testing.T, host *host, h *Handle) {
		require.NoError(t, fail(h))
		time.Sleep(time.Second)
		require.ErrorIs(t, succeed(h), messages.ErrCircuitOpen)
		refusals := func() uint64 { return h.lease.Load().tally.Load() }
		const current = 1 // the timer was set once
		for generation := range uint64(9) {
			if generation != current {
				host.Owners()[0].Send(messages.Tick{Generation: generation})
			}
		}
		synctest.Wait()
		require.EqualValues(t, 1, refusals(), "stale: the count was not taken")

		host.Owners()[0].Send(messages.Tick{Generation: current})
		synctest.Wait()
		require.Zero(t, refusals(), "current, but early")
		require.Equal(t, messages.Open, h.State())
		require.Equal(t, 59*time.Second, h.TimeUntilReset())
		time.Sleep(59 * time.Second)
		synctest.Wait()
		require.Len(t, host.changes(), 2, "the timer was set again")
	})
}

func TestTheOwnerIsSpawnedByTheFirstMessageOnce(t *testing.T) {
	inBubble(t, Config{FailureThreshold: Off}, func(t *testing.T, host *host, h *Handle) {
		for range 5 {
			require.NoError(t, succeed(h))
		}
		require.Empty(t, host.Owners())
		var callers sync.WaitGroup
		for range 100 {
			callers.Go(func() { _ = fail(h) })
		}
		callers.Wait()
		require.Len(t, host.Owners(), 1)
		require.Equal(t, messages.BreakerStats{Successes: 5, Failures: 100, ConsecutiveFailures: 100}, stats(t, h))
	})
}

func TestAnIdleTimeWindowHasNoTimer(t *testing.T) {
	inBubble(t, Config{FailureRate: 0.5, Window: TimeWindow(10 * time.Second)}, func(t *testing.T, host *host, h *Handle) {
		require.Equal(t, messages.BreakerStats{}, stats(t, h))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.Zero(t, host.Ticks.Load())
		require.NoError(t, succeed(h))
		time.Sleep(time.Hour)
		synctest.Wait()
		require.EqualValues(t, 2, host.Ticks.Load(), "one for the bucket with the call, one for a bucket without")
	})
}

func TestConfigureIsSeenAtOnce(t *testing.T) {
	inBubble(t, Config{FailureThreshold: 9}, func(t *testing.T, host *host, h *Handle) {
		lease, ok := h.Lease()
		require.True(t, ok)
		require.NoError(t, fail(h))
		require.NoError(t, h.Configure(Config{FailureThreshold: 2, SlowCall: time.Second}))
		require.Equal(t, 2, h.Config().FailureThreshold)
		require.Equal(t, time.Minute, h.Config().ResetTimeout)
		_, ok = h.Lease()
		require.False(t, ok, "slow calls matter: the clock must be read")

		time.Sleep(time.Hour)
		require.False(t, lease.Succeed(), "Configure seals the lease")
		settle(h, lease.Permit(), messages.Success)
		require.Equal(t, messages.BreakerStats{Successes: 1, Failures: 1}, stats(t, h), "never slow, and not late")

		var bad *messages.ConfigError
		require.ErrorAs(t, h.Configure(Config{ResetTimeout: -1}), &bad)
		require.Equal(t, 2, h.Config().FailureThreshold)
	})
}

func TestResultsOfAnEarlierEpochAreLate(t *testing.T) {
	for _, o := range []messages.Order{messages.Reset, messages.ForceOpen, messages.Disable} {
		inBubble(t, Config{FailureThreshold: 1}, func(t *testing.T, host *host, h *Handle) {
			var leases [3]*Lease
			for i := range leases {
				leases[i], _ = h.Lease()
			}
			require.NoError(t, h.Control(messages.Control{Order: o}))
			mode := stats(t, h).Mode
			for outcome, lease := range leases {
				require.False(t, lease.Succeed())
				settle(h, lease.Permit(), messages.Outcome(outcome))
			}
			s := stats(t, h)
			require.EqualValues(t, 3, s.Late)
			require.Zero(t, s.Successes+s.Failures+s.Ignored)
			require.Equal(t, mode, s.Mode)
		})
	}
}

// settle counts a call with that outcome, as judged by the settings in force.
func settle(h *Handle, p messages.Permit, outcome messages.Outcome) {
	for counted := false; !counted; {
		r := h.Judge(context.Background(), p, nil)
		r.Outcome = outcome
		counted = h.Settle(r)
	}
}
