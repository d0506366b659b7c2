package clients

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	understudy "github.com/understudy-go/understudy/api"
)

// serveRedis starts an empty Redis at an address. The caller stops it.
func serveRedis(t *testing.T, host, port string) *server {
	t.Helper()
	return serve(t, "", "Ready to accept connections", "redis-server",
		"--bind", host, "--port", port, "--save", "", "--dir", t.TempDir(), "--enable-debug-command", "local")
}

// openRedis returns a client that is connected and repeats nothing. It gives up after
// patience, and at the deadline of ctx where it looks at ctx.
func openRedis(t *testing.T, host, port string, looksAtCtx bool, patience time.Duration) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{
		Addr:                  net.JoinHostPort(host, port),
		ContextTimeoutEnabled: looksAtCtx,
		ReadTimeout:           patience,
		MaxRetries:            -1,
		DialerRetries:         1,
	})
	t.Cleanup(func() { require.NoError(t, client.Close()) })
	require.NoError(t, client.Ping(t.Context()).Err())
	return client
}

// hangs are ways in which a Redis does not answer a call.
var hangs = map[string]struct {
	before func(*testing.T, *server, *redis.Client)
	call   func(context.Context, *redis.Client) error
}{
	"the server works at it": {
		before: func(*testing.T, *server, *redis.Client) {},
		call:   func(ctx context.Context, c *redis.Client) error { return c.Do(ctx, "DEBUG", "SLEEP", "60").Err() },
	},
	"the server pauses writes": {
		before: func(t *testing.T, _ *server, c *redis.Client) {
			require.NoError(t, c.Do(t.Context(), "CLIENT", "PAUSE", long.Milliseconds(), "WRITE").Err())
		},
		call: func(ctx context.Context, c *redis.Client) error { return c.Set(ctx, "key", "value", 0).Err() },
	},
	"the process is suspended": {
		before: func(t *testing.T, s *server, _ *redis.Client) { s.suspend(t) },
		call:   func(ctx context.Context, c *redis.Client) error { return c.Get(ctx, "key").Err() },
	},
}

// The client sets the deadline of ctx on its socket when it looks at ctx, and its
// ReadTimeout when it does not. It returns the error of the socket in both cases.
//
// Promise (Clients): A Redis that hangs is a TimeoutError, whatever the client returns at the limit.
func TestARedisThatHangsIsATimeout(t *testing.T) {
	for hang, how := range hangs {
		for _, looksAtCtx := range []bool{true, false} {
			for _, cooperative := range []bool{true, false} {
				s := start(t)
				host, port := address(t)
				server := serveRedis(t, host, port)
				t.Cleanup(server.stop)
				client := openRedis(t, host, port, looksAtCtx, 5*short)
				b := breaker(t, s, understudy.BreakerConfig{})
				how.before(t, server, client)

				timeout := understudy.TimeoutConfig{Limit: short, Cooperative: cooperative}
				err := understudy.Run(t.Context(), understudy.Compose(timeout, b), func(ctx context.Context) error {
					return how.call(ctx, client)
				})
				var timedOut *understudy.TimeoutError
				require.ErrorAs(t, err, &timedOut, "%s, ContextTimeoutEnabled %t, cooperative %t: %v", hang, looksAtCtx, cooperative, err)
				var netErr net.Error
				require.ErrorAs(t, err, &netErr)
				require.True(t, netErr.Timeout())
				require.Equal(t, uint64(1), counts(t, b).Failures, hang)
			}
		}
	}
}

// Promise (Clients): The circuit of a suspended Redis opens, and closes when the process goes on.
func TestARedisThatIsSuspendedAndGoesOn(t *testing.T) {
	s := start(t)
	host, port := address(t)
	server := serveRedis(t, host, port)
	t.Cleanup(server.stop)
	client := openRedis(t, host, port, true, long)
	require.NoError(t, client.MSet(t.Context(), "one", "1", "two", "2").Err())
	b := breaker(t, s, understudy.BreakerConfig{ResetTimeout: time.Millisecond})
	policy := understudy.Compose(b, understudy.Timeout(short))

	server.suspend(t)
	halfOpen := reaches(t, s, understudy.HalfOpen)
	for range 3 {
		_, err := understudy.Do(t.Context(), policy, func(ctx context.Context) (string, error) { return client.Get(ctx, "one").Result() })
		require.ErrorIs(t, err, understudy.ErrTimeout)
	}
	<-halfOpen
	server.resume(t)
	policy = understudy.Compose(b, understudy.Timeout(long))
	for range 3 {
		value, err := understudy.Do(t.Context(), policy, func(ctx context.Context) (string, error) { return client.Get(ctx, "two").Result() })
		require.NoError(t, err)
		require.Equal(t, "2", value, "no late answer")
	}
	require.Equal(t, understudy.Closed, b.State())
}
