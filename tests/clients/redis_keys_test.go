package clients

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	understudy "github.com/understudy-go/understudy/api"
)

// read returns a call that reads a key.
func read(client *redis.Client, key string) func(context.Context) error {
	return func(ctx context.Context) error { return client.Get(ctx, key).Err() }
}

// A cache is empty after its restart, so all that it answers at first is redis.Nil.
//
// Promise (Clients): A Redis that restarts and misses every key closes its circuit, where redis.Nil is expected.
func TestMissingKeysAfterARestartCloseTheCircuit(t *testing.T) {
	s := start(t)
	host, port := address(t)
	server := serveRedis(t, host, port)
	client := openRedis(t, host, port, true, long)
	b := breaker(t, s, understudy.BreakerConfig{ResetTimeout: time.Millisecond, Expected: []error{redis.Nil}})

	server.stop()
	halfOpen := reaches(t, s, understudy.HalfOpen)
	for range 3 {
		require.Error(t, b.Run(t.Context(), read(client, "missing")))
	}
	<-halfOpen
	t.Cleanup(serveRedis(t, host, port).stop)
	for range 3 {
		require.Equal(t, redis.Nil, b.Run(t.Context(), read(client, "missing")), "as the client returned it")
	}
	require.Equal(t, understudy.Closed, b.State())
}

// Promise (Clients): A missing key that is expected ends a streak of failures.
func TestMissingKeysEndAStreak(t *testing.T) {
	s := start(t)
	host, port := address(t)
	t.Cleanup(serveRedis(t, host, port).stop)
	client := openRedis(t, host, port, true, long)
	require.NoError(t, client.LPush(t.Context(), "list", "value").Err())
	b := breaker(t, s, understudy.BreakerConfig{Expected: []error{redis.Nil}})
	for range 4 {
		require.ErrorContains(t, b.Run(t.Context(), read(client, "list")), "WRONGTYPE")
		require.Equal(t, redis.Nil, b.Run(t.Context(), read(client, "missing")))
	}
	require.Equal(t, understudy.Closed, b.State())
	require.Equal(t, uint64(4), counts(t, b).Failures)
}
