package retry

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/internal/ownertest"
	"github.com/understudy-go/understudy/messages"
)

var errBoom = errors.New("boom")

func TestWhatIsRetried(t *testing.T) {
	no, yes := func(error) bool { return false }, func(error) bool { return true }
	classify := func(o messages.Outcome) func(error) messages.Outcome {
		return func(error) messages.Outcome { return o }
	}
	for _, row := range []struct {
		cfg  Config
		err  error
		want bool
	}{
		{Config{}, errBoom, true},
		{Config{}, messages.Ignore(errBoom), true}, // speaks to breakers
		{Config{}, messages.Permanent(errBoom), false},
		{Config{}, context.Canceled, false},
		{Config{}, messages.ErrCircuitOpen, false},
		{Config{}, fmt.Errorf("get: %w", messages.ErrShutdown), false},
		{Config{}, errors.Join(errBoom, context.Canceled), true},
		{Config{}, errors.Join(context.Canceled, messages.ErrCircuitOpen), false},
		{Config{}, &messages.TimeoutError{Err: context.Canceled}, true},
		{Config{}, &messages.RetryError{Reason: messages.ReasonCancelled, Err: errBoom}, true},
		{Config{Retryable: no}, errBoom, false},
		{Config{Retryable: yes}, messages.ErrCircuitOpen, true},
		{Config{Retryable: yes}, messages.Permanent(errBoom), false},
		{Config{Classify: classify(messages.Failure)}, context.Canceled, true},
		{Config{Classify: classify(messages.Success)}, errBoom, false},
		{Config{Classify: classify(messages.Ignored)}, errBoom, false},
		{Config{Classify: classify(messages.Ignored + 1)}, errBoom, true},
		{Config{Classify: classify(messages.Failure)}, messages.Permanent(errBoom), false},
	} {
		require.Equal(t, row.want, row.cfg.retries(row.err), "%+v", row.err)
	}
}

// Settings that are replaced while an attempt is judged judge it again.
func TestAnAttemptIsJudgedByOneSettings(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, _ *ownertest.Host, h *Handle) {
		var asked []string
		settings := func(name string, wait time.Duration, then func()) Config {
			return Config{Jitter: JitterNone, Retryable: func(error) bool {
				asked = append(asked, name)
				then()
				return true
			}, Backoff: func(int, error) time.Duration { return wait }}
		}
		second := settings("second", time.Minute, func() {})
		require.NoError(t, h.Configure(settings("first", time.Second, func() { require.NoError(t, h.Configure(second)) })))
		begin := time.Now()
		a := &Attempts{Number: 1}
		require.Equal(t, errBoom, a.Failed(errBoom))
		require.NoError(t, h.Next(context.Background(), context.Background(), a, errBoom))
		require.Equal(t, []string{"first", "second"}, asked)
		require.Equal(t, time.Minute, time.Since(begin))
		require.Equal(t, 2, a.Number)
		s, err := h.Stats()
		require.NoError(t, err)
		require.Equal(t, messages.RetryStats{Name: "api", Retries: 1, Waited: time.Minute}, s)
	})
}

// observed runs test with a policy whose OnCall writes down what it receives.
func observed(t *testing.T, cfg Config, test func(t *testing.T, host *ownertest.Host, h *Handle, ends *[]messages.CallEnd)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		host, ends := ownertest.New(), []messages.CallEnd{}
		defer host.Shutdown()
		shared := &Shared{Host: host, OnCall: func(_ context.Context, end messages.CallEnd) { ends = append(ends, end) }}
		h, err := New(shared, "api", cfg)
		require.NoError(t, err)
		test(t, host, h, &ends)
	})
}

func TestOnCallReceivesEachAttempt(t *testing.T) {
	ctx := context.Background()
	left, leave := context.WithCancel(ctx)
	leave()
	for _, row := range []struct {
		what string
		cfg  Config
		ctx  context.Context
		err  error
		want messages.CallEnd
	}{
		{"a success", Config{}, ctx, nil, messages.CallEnd{Outcome: messages.Success}},
		{"a failure that is retried", Config{}, ctx, messages.RetryAfter(errBoom, 1), messages.CallEnd{Outcome: messages.Failure, Err: errBoom}},
		{"the last failure", Config{MaxAttempts: 1}, ctx, errBoom, messages.CallEnd{Outcome: messages.Failure, Err: errBoom}},
		{"no failure", Config{}, ctx, messages.Permanent(errBoom), messages.CallEnd{Outcome: messages.Ignored, Err: errBoom}},
		{"a refusal", Config{}, ctx, messages.ErrCircuitOpen, messages.CallEnd{Outcome: messages.Ignored, Err: messages.ErrCircuitOpen}},
		{"a caller that has left", Config{}, left, errBoom, messages.CallEnd{Outcome: messages.Ignored, Err: errBoom}},
	} {
		observed(t, row.cfg, func(t *testing.T, _ *ownertest.Host, h *Handle, ends *[]messages.CallEnd) {
			require.False(t, h.BeginFast(), row.what)
			a := &Attempts{Number: 1}
			require.NoError(t, h.Begin(row.ctx, a))
			require.True(t, a.Observed)
			a.Start()
			time.Sleep(3 * time.Second)
			if row.err == nil {
				h.Succeeded(row.ctx, a)
			} else {
				a.Failed(row.err)
				_ = h.Next(row.ctx, row.ctx, a, row.err)
			}
			row.want.Kind, row.want.Name, row.want.Duration = "retry", "api", 3*time.Second
			require.Equal(t, []messages.CallEnd{row.want}, *ends, row.what)
		})
	}
}

func TestOnCallReceivesPanicsAndRefusals(t *testing.T) {
	panics := Config{Retryable: func(error) bool { panic("picky") }}
	observed(t, panics, func(t *testing.T, host *ownertest.Host, h *Handle, ends *[]messages.CallEnd) {
		ctx, leave := context.WithCancel(context.Background())
		a := &Attempts{Number: 1}
		require.NoError(t, h.Begin(ctx, a))
		a.Start()
		h.Exited(ctx, a)
		a.Failed(errBoom)
		require.PanicsWithValue(t, "picky", func() { _ = h.Next(ctx, ctx, a, errBoom) })
		leave()
		h.Exited(ctx, a)
		h.Close()
		require.Equal(t, messages.ErrShutdown, h.Begin(ctx, a))
		require.Equal(t, []messages.CallEnd{
			{Kind: "retry", Name: "api", Outcome: messages.Failure},
			{Kind: "retry", Name: "api", Outcome: messages.Failure, Err: errBoom},
			{Kind: "retry", Name: "api", Outcome: messages.Ignored},
			{Kind: "retry", Name: "api", Outcome: messages.Ignored, Refused: true, Err: messages.ErrShutdown},
		}, *ends)
	})
}

func TestWithoutOnCallACallOnlyCounts(t *testing.T) {
	inBubble(t, Config{}, func(t *testing.T, _ *ownertest.Host, h *Handle) {
		require.True(t, h.BeginFast())
		require.NoError(t, h.Configure(Config{Budget: &Budget{}}))
		require.False(t, h.BeginFast())
		a := &Attempts{Number: 1}
		require.NoError(t, h.Begin(context.Background(), a))
		require.Equal(t, Attempts{Number: 1}, *a, "nothing to watch")
		h.Succeeded(context.Background(), &Attempts{Number: 2})
		s, err := h.Stats()
		require.NoError(t, err)
		require.Equal(t, messages.RetryStats{Name: "api", Calls: 2, Recovered: 1}, s)
	})
}
