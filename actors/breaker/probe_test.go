package breaker

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/messages"
)

// clinic stands for the health checks: each run takes a given time and returns a given status.
type clinic struct {
	mu     sync.Mutex
	takes  time.Duration
	status messages.Status
	deaf   bool // it notices the end of ctx only when it is done
	asked  []string
	until  time.Time // the deadline of the last question
	ctxs   []context.Context

	running, peak atomic.Int32 // runs at once
}

func (c *clinic) probe(ctx context.Context, check string) (messages.Status, string) {
	c.mu.Lock()
	c.asked = append(c.asked, check)
	c.until, _ = ctx.Deadline()
	c.ctxs = append(c.ctxs, ctx)
	takes, status, deaf := c.takes, c.status, c.deaf
	c.mu.Unlock()
	c.peak.Store(max(c.peak.Load(), c.running.Add(1)))
	defer c.running.Add(-1)
	if deaf {
		ctx = context.Background()
	}
	select {
	case <-time.After(takes):
		return status, ""
	case <-ctx.Done():
		return messages.Unknown, ctx.Err().Error()
	}
}

func (c *clinic) set(takes time.Duration, status messages.Status) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.takes, c.status = takes, status
}

// questions returns the number of runs so far.
func (c *clinic) questions() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.asked)
}

// withProbe gives a test an open breaker with a probe; a minute later it is asked. No clinic: there are no health checks.
func withProbe(t *testing.T, cfg Config, c *clinic, test func(t *testing.T, host *host, h *Handle)) {
	t.Helper()
	cfg.FailureThreshold, cfg.Probe = 1, "payments"
	inBubble(t, cfg, func(t *testing.T, host *host, h *Handle) {
		if c != nil {
			h.shared.Probe = c.probe
		}
		require.NoError(t, fail(h))
		require.Equal(t, messages.Open, h.State())
		test(t, host, h)
	})
	if c == nil {
		return
	}
	require.Zero(t, c.running.Load(), "a run is left")
	require.LessOrEqual(t, c.peak.Load(), int32(1), "runs at once")
}

// left returns how many runs have a ctx, and with it a timer, that has not ended.
func (c *clinic) left() (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ctx := range c.ctxs {
		if ctx.Err() == nil {
			n++
		}
	}
	return n
}

// after lets time pass, and whatever is due at its end happen.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func TestAProbeClosesTheCircuitWithoutAnyCaller(t *testing.T) {
	c := &clinic{takes: time.Second, status: messages.Healthy}
	withProbe(t, Config{}, c, func(t *testing.T, host *host, h *Handle) {
		after(time.Minute)
		require.Equal(t, messages.HalfOpen, h.State())
		asked := host.Questions.Load()
		require.EqualError(t, succeed(h), "Circuit breaker 'api' is half-open and waits for its probe 'payments'")
		require.Equal(t, asked, host.Questions.Load(), "a refusal needs no message")
		after(time.Second)
		require.Equal(t, messages.HalfOpen, h.State())
		require.Equal(t, 1, stats(t, h).Trials)
		after(2 * time.Second)
		require.Equal(t, messages.Closed, h.State())
		require.Equal(t, messages.BreakerStats{Failures: 1, Opened: 1, HalfOpened: 1, Closed: 1, Rejected: 1}, stats(t, h))
		require.Equal(t, []string{"payments", "payments", "payments"}, c.asked)
		after(time.Hour)
		require.Equal(t, 3, c.questions(), "a closed circuit runs no probe")
	})
}

// The deadline of a run is TrialTimeout after its start, so that a ctx that is not
// ended with its run would be left for long.
func TestTheCtxOfAProbeEndsWithItsRun(t *testing.T) {
	for _, status := range []messages.Status{messages.Healthy, messages.Degraded, messages.Unhealthy, messages.Unknown} {
		c := &clinic{takes: time.Second, status: status}
		withProbe(t, Config{TrialTimeout: time.Hour}, c, func(t *testing.T, host *host, h *Handle) {
			after(time.Minute + 500*time.Millisecond)
			require.Equal(t, 1, c.left(), "it runs")
			after(3 * time.Second)
			require.NotZero(t, c.questions())
			require.Zero(t, c.left())
		})
	}
}

func TestAProbeThatFailsOpensItAgain(t *testing.T) {
	c := &clinic{takes: time.Second, status: messages.Unhealthy}
	withProbe(t, Config{ResetBackoff: 2}, c, func(t *testing.T, host *host, h *Handle) {
		after(61 * time.Second)
		require.Equal(t, messages.Open, h.State())
		require.Equal(t, 2*time.Minute, h.TimeUntilReset())
		last := host.changes()[2]
		require.Equal(t, "probe 'payments' is UNHEALTHY", last.Reason)
		c.set(time.Second, messages.Healthy)
		after(2*time.Minute + 3*time.Second)
		require.Equal(t, messages.Closed, h.State())
	})
}

func TestAStuckProbeIsReclaimedAtItsDeadline(t *testing.T) {
	c := &clinic{takes: time.Hour, status: messages.Healthy}
	withProbe(t, Config{TrialTimeout: 10 * time.Second}, c, func(t *testing.T, host *host, h *Handle) {
		due := time.Now().Add(70 * time.Second)
		after(70 * time.Second)
		require.True(t, due.Equal(c.until), "it knows its deadline")
		require.Equal(t, messages.Open, h.State())
		require.Equal(t, "probe 'payments' did not report within 10s", host.changes()[2].Reason)
		require.Zero(t, c.running.Load(), "it is no longer asked")
		require.EqualValues(t, 1, stats(t, h).Failures)
	})
}

func TestOneQuestionAtATimeEvenIfTheProbeIsDeaf(t *testing.T) {
	c := &clinic{takes: 90 * time.Second, status: messages.Unhealthy, deaf: true}
	withProbe(t, Config{TrialTimeout: 10 * time.Second}, c, func(t *testing.T, host *host, h *Handle) {
		after(135 * time.Second) // asked at 60 s, and again at 130 s: that waits for the first, which ends at 150 s
		require.Equal(t, messages.HalfOpen, h.State())
		require.Equal(t, 1, c.questions())
		after(time.Hour)
		c.set(0, messages.Healthy)
		after(4 * time.Minute)
		require.Equal(t, messages.Closed, h.State())
	})
}

func TestWithoutSuchACheckCallsAreTheTrials(t *testing.T) {
	for what, c := range map[string]*clinic{"no such check": {status: messages.Unknown}, "no checks at all": nil} {
		t.Run(what, func(t *testing.T) {
			withProbe(t, Config{HalfOpenMaxCalls: 1}, c, func(t *testing.T, host *host, h *Handle) {
				after(time.Minute)
				require.Equal(t, messages.HalfOpen, h.State())
				require.Len(t, host.unanswered(), 1)
				require.Equal(t, "api", host.unanswered()[0].Name)
				require.NoError(t, succeed(h))
				require.Equal(t, messages.Closed, h.State())
			})
		})
	}
}

func TestAnOrderWhileTheProbeRunsStands(t *testing.T) {
	for order, want := range map[messages.Order]messages.State{
		messages.Reset: messages.Closed, messages.ForceOpen: messages.Open, messages.Disable: messages.Closed,
	} {
		c := &clinic{takes: 2 * time.Second, status: messages.Unhealthy}
		withProbe(t, Config{}, c, func(t *testing.T, host *host, h *Handle) {
			after(61 * time.Second)
			require.NoError(t, h.Control(messages.Control{Order: order}))
			synctest.Wait()
			require.Zero(t, c.running.Load(), "it is no longer asked")
			before := host.changes()
			after(time.Hour)
			require.Equal(t, want, h.State())
			require.Equal(t, before, host.changes())
		})
	}
}

func TestConfigureWhileTheProbeRunsServesTheNextTime(t *testing.T) {
	c := &clinic{takes: 2 * time.Second, status: messages.Unhealthy}
	withProbe(t, Config{}, c, func(t *testing.T, host *host, h *Handle) {
		after(61 * time.Second)
		require.NoError(t, h.Configure(Config{FailureThreshold: 1, Probe: "banking"}))
		after(2 * time.Minute)
		require.Equal(t, []string{"payments", "banking"}, c.asked)
		require.Error(t, h.Configure(Config{Probe: " "}))
		require.NoError(t, h.Configure(Config{FailureThreshold: 1, HalfOpenMaxCalls: 1}))
		after(time.Hour)
		require.Equal(t, 2, c.questions())
		require.NoError(t, succeed(h))
		require.Equal(t, messages.Closed, h.State())
	})
}

func TestACrashOfTheOwnerDoesNotLoseTheProbe(t *testing.T) {
	c := &clinic{takes: 2 * time.Second, status: messages.Healthy}
	withProbe(t, Config{}, c, func(t *testing.T, host *host, h *Handle) {
		after(61 * time.Second)
		host.poison.Store(true)
		_, err := h.Stats()
		require.ErrorIs(t, err, messages.ErrCrashed)
		after(5 * time.Second)
		require.Equal(t, messages.Closed, h.State())
		require.Equal(t, 3, c.questions())
	})
}

func TestACrashOnTheAnswerIsATrialThatDidNotReport(t *testing.T) {
	c := &clinic{takes: time.Second, status: messages.Healthy}
	withProbe(t, Config{HalfOpenMaxCalls: 1, TrialTimeout: 10 * time.Second}, c, func(t *testing.T, host *host, h *Handle) {
		after(60500 * time.Millisecond)
		host.poison.Store(true)
		after(time.Second)
		require.False(t, host.poison.Load())
		require.Equal(t, messages.HalfOpen, h.State())
		after(9 * time.Second)
		require.Equal(t, messages.Open, h.State())
		after(time.Minute + time.Second)
		require.Equal(t, messages.Closed, h.State())
	})
}

func TestShutdownEndsTheProbe(t *testing.T) {
	c := &clinic{takes: time.Hour, status: messages.Healthy}
	withProbe(t, Config{TrialTimeout: time.Hour}, c, func(t *testing.T, host *host, h *Handle) {
		after(61 * time.Second)
		require.EqualValues(t, 1, c.running.Load())
		before, began := slices.Clone(host.changes()), time.Now()
		host.Shutdown() // waits for the probe
		require.Zero(t, time.Since(began))
		require.Zero(t, c.running.Load())
		require.Equal(t, before, host.changes())
		require.Empty(t, host.unanswered())
		require.Equal(t, messages.HalfOpen, h.State())
		require.ErrorIs(t, succeed(h), messages.ErrShutdown)
	})
}

// Once Shutdown has begun, runs of health checks end because they are cancelled.
func TestTheResultOfAProbeDuringShutdownIsIgnored(t *testing.T) {
	for _, status := range []messages.Status{messages.Unknown, messages.Unhealthy, messages.Healthy} {
		c := &clinic{takes: time.Second, status: status}
		withProbe(t, Config{HalfOpenMaxCalls: 1}, c, func(t *testing.T, host *host, h *Handle) {
			after(60500 * time.Millisecond)
			host.Close()
			after(time.Second)
			require.Zero(t, c.running.Load())
			require.Equal(t, messages.HalfOpen, h.State())
			require.Empty(t, host.unanswered())
			host.Shutdown()
		})
	}
}

func TestABreakerWithoutAProbeRunsNone(t *testing.T) {
	c := &clinic{status: messages.Healthy}
	inBubble(t, Config{FailureThreshold: 1}, func(t *testing.T, host *host, h *Handle) {
		h.shared.Probe = c.probe
		require.NoError(t, fail(h))
		after(time.Hour)
		require.Equal(t, messages.HalfOpen, h.State())
		require.Zero(t, c.questions())
	})
}
