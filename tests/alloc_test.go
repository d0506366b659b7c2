package tests

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// This holds even if fn captures variables.
//
// Promise (Concurrency and cost): Calls and refusals allocate nothing, however a call ends. A timeout allocates little.
func TestCallsAndRefusalsAllocateNothing(t *testing.T) {
	ctx := context.Background()
	s := start(t, api.SystemConfig{})
	b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
	r := retry(t, s, api.RetryConfig{})
	both := api.Compose(r, b)
	open, err := s.Breaker("open", api.BreakerConfig{})
	require.NoError(t, err)
	require.NoError(t, open.ForceOpen())

	failing, err := s.Breaker("failing", api.BreakerConfig{FailureThreshold: api.Off})
	require.NoError(t, err)

	n := 0
	capturing := func(context.Context) error { n++; return nil }
	value := func(context.Context) (int, error) { n++; return n, nil }
	rows := []struct {
		name string
		call func()
	}{
		{"Run, closed, capturing closure", func() { b.Run(ctx, func(context.Context) error { n++; return nil }) }},
		{"Do with a breaker", func() { api.Do(ctx, b, value) }},
		{"Run with a breaker", func() { api.Run(ctx, b, capturing) }},
		{"Do with retry and breaker", func() { api.Do(ctx, both, value) }},
		{"Run with retry and breaker", func() { api.Run(ctx, both, capturing) }},
		{"a refusal by Run", func() { open.Run(ctx, capturing) }},
		{"a refusal by Do", func() { api.Do(ctx, open, value) }},
		{"a failure, acknowledged", func() { failing.Run(ctx, fail) }},
		{"an ignored call, acknowledged", func() { failing.Run(ctx, func(context.Context) error { return context.Canceled }) }},
		{"State", func() { b.State() }},
		{"TimeUntilReset", func() { b.TimeUntilReset() }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { require.Zero(t, testing.AllocsPerRun(1000, row.call)) })
	}
}

// A timeout needs a context; a hard timeout also needs a goroutine, and the
// state that this goroutine shares with the caller.
//
// Promise (Concurrency and cost): Calls and refusals allocate nothing, however a call ends. A timeout allocates little.
func TestATimeoutAllocatesLittle(t *testing.T) {
	ctx := context.Background()
	value := func(context.Context) (int, error) { return 7, nil }
	cooperative := api.Policy(api.TimeoutConfig{Limit: time.Minute, Cooperative: true})
	hard := api.Policy(api.Timeout(time.Minute))
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() { api.Do(ctx, cooperative, value) }), 1.0)
	require.LessOrEqual(t, testing.AllocsPerRun(1000, func() { api.Do(ctx, hard, value) }), 3.0)
}
