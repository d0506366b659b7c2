package tests

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// The paths that everybody takes all day allocate nothing, also when fn
// captures variables.
func TestSuccessesAndRefusalsAllocateNothing(t *testing.T) {
	ctx := context.Background()
	s := start(t, api.SystemConfig{})
	b := breaker(t, s, api.BreakerConfig{FailureThreshold: 1})
	r := retry(t, s, api.RetryConfig{})
	both := api.Compose(r, b)
	open, err := s.Breaker("open", api.BreakerConfig{})
	require.NoError(t, err)
	require.NoError(t, open.ForceOpen())

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
		{"State", func() { b.State() }},
		{"TimeUntilReset", func() { b.TimeUntilReset() }},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) { require.Zero(t, testing.AllocsPerRun(1000, row.call)) })
	}
}
