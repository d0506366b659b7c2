package tests

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// jitters returns what the jitter of a system with that seed does: to the waits of
// two retries, which fail in the order of turns, to the runs of a check, and to
// the restarts of one that panics.
func jitters(t *testing.T, seed uint64, turns ...string) map[string][]time.Duration {
	found := map[string][]time.Duration{}
	synctest.Test(t, func(t *testing.T) {
		s := start(t, api.SystemConfig{Seed: seed})
		for _, name := range turns {
			r, err := s.Retry(name, api.RetryConfig{MaxAttempts: 4, OnRetry: func(_ error, _ int, wait time.Duration) {
				found[name] = append(found[name], wait)
			}})
			require.NoError(t, err)
			require.Error(t, r.Run(context.Background(), fail))
		}
		var mu sync.Mutex
		ran := func(name string) func() {
			began := time.Now()
			return func() {
				mu.Lock()
				defer mu.Unlock()
				found[name] = append(found[name], time.Since(began))
			}
		}
		well, sick := ran("check"), ran("restarts")
		require.NoError(t, s.Health().Register("well", api.CheckConfig{}, api.Ping(func(context.Context) error { well(); return nil })))
		require.NoError(t, s.Health().Register("sick", api.CheckConfig{}, api.Ping(func(context.Context) error { sick(); panic("a bug") })))
		time.Sleep(10 * time.Minute)
	})
	return found
}

// Promise (System, events, logs and errors): A seed decides all jitter: of retries, checks and restarts.
func TestASeedDecidesAllJitter(t *testing.T) {
	first := jitters(t, 7, "a", "b", "a")
	require.Equal(t, first, jitters(t, 7, "a", "a", "b"), "whoever fails first")
	require.Len(t, first["a"], 6)
	require.Greater(t, len(first["check"]), 50)
	require.Greater(t, len(first["restarts"]), 10)
	require.NotEqual(t, first["a"][:3], first["a"][3:], "each call has its own")
	require.NotEqual(t, first["a"][:3], first["b"], "each name has its own")
	for what, other := range map[string]map[string][]time.Duration{
		"another seed": jitters(t, 8, "a", "b", "a"),
		"no seed":      jitters(t, 0, "a", "b", "a"),
	} {
		for _, name := range []string{"a", "b", "check", "restarts"} {
			require.NotEqual(t, first[name], other[name], fmt.Sprint(what, ": ", name))
		}
	}
	require.NotEqual(t, jitters(t, 0, "a"), jitters(t, 0, "a"), "no seed: different each time")
}
