package breaker

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// TestMessagesPerCall shows what each kind of call costs in messages.
func TestMessagesPerCall(t *testing.T) {
	cfg := Config{FailureThreshold: 3, HalfOpenMaxCalls: 2, SlowCall: time.Second}
	fast := Config{FailureThreshold: 3}
	buckets := Config{FailureRate: 0.9, Window: TimeWindow(10 * time.Second)}
	for _, row := range []struct {
		what   string
		cfg    Config
		before func(h *Handle)
		do     func(h *Handle)
		want   int64
	}{
		{"a success", fast, nothingYet, func(h *Handle) { succeed(h) }, 0},
		{"a success, slow calls matter", cfg, nothingYet, func(h *Handle) { do(h, time.Second-1, messages.Success) }, 0},
		{"a slow success", cfg, nothingYet, func(h *Handle) { do(h, time.Second, messages.Success) }, 1},
		{"a failure", fast, nothingYet, func(h *Handle) { fail(h) }, 1},
		{"an ignored call", fast, nothingYet, func(h *Handle) { do(h, 0, messages.Ignored) }, 1},
		{"a success while failures are pending", fast, func(h *Handle) { fail(h); fail(h) }, func(h *Handle) { succeed(h) }, 0},
		{"a refusal", fast, opened, func(h *Handle) { succeed(h) }, 0},
		{"a thousand refusals", fast, opened, func(h *Handle) {
			for range 1000 {
				succeed(h)
			}
		}, 0},
		{"a refusal, forced open", fast, func(h *Handle) { h.Control(messages.Control{Order: messages.ForceOpen}) }, func(h *Handle) { succeed(h) }, 0},
		{"a success while disabled", fast, func(h *Handle) { h.Control(messages.Control{Order: messages.Disable}) }, func(h *Handle) { succeed(h) }, 0},
		{"a trial", fast, func(h *Handle) { opened(h); time.Sleep(time.Minute) }, func(h *Handle) { succeed(h) }, 2},
		{"a refusal with all trials taken", Config{FailureThreshold: 1, HalfOpenMaxCalls: 1}, func(h *Handle) {
			opened(h)
			time.Sleep(time.Minute)
			h.Admit(context.Background())
		}, func(h *Handle) { succeed(h) }, 1},
		{"after the recovery", Config{FailureThreshold: 3, HalfOpenMaxCalls: 1}, func(h *Handle) {
			opened(h)
			time.Sleep(time.Minute)
			succeed(h)
		}, func(h *Handle) { succeed(h) }, 0},

		{"the first success of a burst in a time window", buckets, nothingYet, func(h *Handle) { succeed(h) }, 1},
		{"the next successes", buckets, func(h *Handle) { succeed(h) }, func(h *Handle) { succeed(h); succeed(h) }, 0},
		{"a success in the next bucket", buckets, func(h *Handle) { succeed(h); time.Sleep(time.Second + 1) }, func(h *Handle) { succeed(h) }, 0},
		{"a success after a quiet bucket", buckets, func(h *Handle) { succeed(h); time.Sleep(3 * time.Second) }, func(h *Handle) { succeed(h) }, 1},

		{"statistics of a breaker that was never asked", fast, func(h *Handle) { succeed(h) }, func(h *Handle) { h.Stats() }, 0},
		{"of one with a time window, too", buckets, nothingYet, func(h *Handle) { h.Stats() }, 0},
		{"statistics", fast, opened, func(h *Handle) { h.Stats() }, 1},
		{"an order", fast, nothingYet, func(h *Handle) { h.Control(messages.Control{Order: messages.Reset}) }, 1},
		{"settings", fast, nothingYet, func(h *Handle) { h.Configure(fast) }, 1},
		{"bad settings", fast, nothingYet, func(h *Handle) { h.Configure(Config{FailureRate: 7}) }, 0},
		{"state, time and settings", fast, opened, func(h *Handle) { h.State(); h.TimeUntilReset(); h.Config() }, 0},
	} {
		t.Run(row.what, func(t *testing.T) {
			inBubble(t, row.cfg, func(t *testing.T, host *host, h *Handle) {
				row.before(h)
				before := host.Questions.Load()
				row.do(h)
				require.Equal(t, row.want, host.Questions.Load()-before)
			})
		})
	}
}

func nothingYet(*Handle) {}

func opened(h *Handle) {
	for h.State() == messages.Closed {
		_ = fail(h)
	}
}

func TestASuccessOnALeaseSealedMeanwhileNeedsNoMessage(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, host *host, h *Handle) {
		lease, _ := h.Lease()
		require.NoError(t, h.Configure(Config{FailureThreshold: 7}))
		before := host.Questions.Load()
		require.False(t, lease.Succeed(), "new settings are a new lease")
		settle(h, lease.Permit(), messages.Success)
		require.Equal(t, before, host.Questions.Load(), "the epoch is the same: it goes on the lease of now")
		require.Equal(t, messages.BreakerStats{Successes: 1}, stats(t, h))
	})
}

func TestAStepThatCallersDoNotSeeLendsTheSameLeaseAgain(t *testing.T) {
	inBubble(t, Config{FailureThreshold: 2}, func(t *testing.T, host *host, h *Handle) {
		lease, _ := h.Lease()
		require.True(t, lease.Succeed())
		require.NoError(t, fail(h))
		require.True(t, lease.Succeed())
		require.NoError(t, fail(h))
		require.Equal(t, messages.BreakerStats{Successes: 2, Failures: 2, ConsecutiveFailures: 1}, stats(t, h))
		require.NoError(t, fail(h))
		require.False(t, lease.Succeed(), "the circuit is open")
	})
}

func TestTheHotPathAllocatesNothing(t *testing.T) {
	host := newHost()
	defer host.Shutdown()
	ctx := context.Background()
	closed := newHandle(t, host, Config{})
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if lease, ok := closed.Lease(); !ok || !lease.Succeed() {
			t.Error("no lease")
		}
	}), "a success")
	timed := newHandle(t, host, Config{SlowCall: time.Minute})
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		permit, _ := timed.Admit(ctx)
		settle(timed, permit, messages.Success)
	}), "a success, slow calls matter")
	open := newHandle(t, host, Config{FailureThreshold: 1})
	opened(open)
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if _, err := open.Admit(ctx); err == nil {
			t.Error("no refusal")
		}
	}), "a refusal")
}
