package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// moody is a check that does anything a check can do.
func moody(luck *rand.Rand, mu *sync.Mutex) Check {
	return func(ctx context.Context) (Details, error) {
		mu.Lock()
		mood, n := luck.IntN(12), luck.IntN(100)
		mu.Unlock()
		switch mood {
		case 0:
			panic("moody")
		case 1:
			time.Sleep(8 * time.Second) // deaf to its ctx
		case 2:
			<-ctx.Done()
		case 3, 4:
			return nil, Degrade(fmt.Sprint("slow ", n))
		case 5, 6:
			return Details{"n": n}, errors.New("refused")
		}
		return Details{"n": n}, nil
	}
}

// plainly returns what the endpoints should say, worked out anew.
func plainly(h *Health) (all SystemHealth, asJSON, asText string) {
	fresh := &Health{shared: h.shared, version: h.version, started: h.started, draining: h.draining}
	fresh.checks.Store(newCheckSet(h.checks.Load().all.checks))
	all = fresh.Snapshot()
	text, _ := json.Marshal(all)
	var b strings.Builder
	if all.Status != Healthy {
		for _, cause := range all.RootCauses {
			fmt.Fprintf(&b, "root cause: %s\n", cause)
		}
	}
	for _, c := range all.Checks {
		b.Write(line(nil, c, serves(c.Status)))
		if !c.Timestamp.IsZero() {
			fmt.Fprintf(&b, " (%ds ago)", all.Timestamp.Unix()-c.Timestamp.Unix())
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "health check %s\n", map[bool]string{true: "passed", false: "failed"}[serves(all.Status)])
	return all, string(text) + "\n", b.String()
}

// Promise (Health over HTTP and gRPC): Snapshot and the endpoints agree at any time.
func TestHealthEndpointsAgreeWithSnapshotAtAllTimes(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		luck, mu := rand.New(rand.NewPCG(7, 11)), new(sync.Mutex)
		for i := range 12 {
			cfg := CheckConfig{Interval: 2 * time.Second, Timeout: time.Second, Optional: i%3 == 0, UnhealthyAfter: i % 3, HealthyAfter: i % 4}
			if i > 8 {
				cfg.DependsOn = []string{fmt.Sprint("check-", i-8)}
			}
			require.NoError(t, h.Register(fmt.Sprint("check-", i), cfg, moody(luck, mu)))
		}
		handler, err := h.HandlerWith(HandlerConfig{ShowDetails: Always})
		require.NoError(t, err)
		seen := map[string]bool{}
		for range 1000 {
			time.Sleep(97 * time.Millisecond)
			synctest.Wait()
			want, asJSON, asText := plainly(h)
			code, _, body := get(handler, "GET", "/health")
			require.Equal(t, asJSON, body)
			require.Equal(t, map[bool]int{true: 200, false: 503}[serves(want.Status)], code)
			_, _, body = ask(handler, "/health?verbose", "text/plain")
			require.Equal(t, asText, body)
			require.Equal(t, want, h.Snapshot())
			require.Equal(t, want.Status, h.Status())
			for _, c := range want.Checks {
				seen[c.Status.String()] = true
				seen["stuck"] = seen["stuck"] || strings.Contains(c.Message, "stuck")
				seen["flapping"] = seen["flapping"] || c.Flapping
				seen["blocked"] = seen["blocked"] || c.BlockedBy != ""
			}
		}
		require.Len(t, seen, 7, "everything was met: %v", seen)
	})
}
