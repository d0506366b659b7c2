package healthz

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

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// moody returns a check that does, at random, anything that a check can do.
func moody(random *rand.Rand, mu *sync.Mutex) health.Func {
	return func(ctx context.Context) (messages.Details, error) {
		mu.Lock()
		mood, n := random.IntN(12), random.IntN(100)
		mu.Unlock()
		switch mood {
		case 0:
			panic("moody")
		case 1:
			time.Sleep(8 * time.Second) // ignores its ctx
		case 2:
			<-ctx.Done()
		case 3, 4:
			return nil, health.Degrade(fmt.Sprint("slow ", n))
		case 5, 6:
			return messages.Details{"n": n}, errors.New("refused")
		}
		return messages.Details{"n": n}, nil
	}
}

// expected returns the pages that the endpoints should serve for a snapshot.
func expected(all Snapshot) (asJSON, asText string) {
	text, _ := json.Marshal(all)
	var b strings.Builder
	if all.Status != messages.Healthy {
		for _, cause := range all.RootCauses {
			fmt.Fprintf(&b, "root cause: %s\n", cause)
		}
	}
	for _, r := range all.Checks {
		fmt.Fprintf(&b, "%s%s %s", map[bool]string{true: "[+]", false: "[-]"}[serves(r.Status)], r.Name, map[bool]string{true: "ok", false: "failed"}[serves(r.Status)])
		if r.Message != "" {
			fmt.Fprint(&b, ": ", r.Message)
		}
		if r.Flapping {
			b.WriteString(" (flapping)")
		}
		if !r.Timestamp.IsZero() {
			fmt.Fprintf(&b, " (%ds ago)", all.Timestamp.Unix()-r.Timestamp.Unix())
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "health check %s\n", map[bool]string{true: "passed", false: "failed"}[serves(all.Status)])
	return string(text) + "\n", b.String()
}

// Promise (Health over HTTP and gRPC): The endpoints agree with Snapshot: at once on a new result, within a second on what time alone changes.
func TestHealthEndpointsAgreeWithSnapshotAtAllTimes(t *testing.T) {
	withChecks(t, func(t *testing.T, c checkup) {
		random, mu := rand.New(rand.NewPCG(7, 11)), new(sync.Mutex)
		for i := range 12 {
			cfg := health.Config{Interval: 2 * time.Second, Timeout: time.Second, Optional: i%3 == 0, UnhealthyAfter: i % 3, HealthyAfter: i % 4}
			if i > 8 {
				cfg.DependsOn = []string{fmt.Sprint("check-", i-8)}
			}
			c.register(fmt.Sprint("check-", i), cfg, moody(random, mu))
		}
		handler := NewHandler(c.Source, Config{Endpoints: Endpoints(), ShowDetails: true})
		seen, late := map[string]bool{}, false
		var kept Snapshot
		var keptAsOf moment
		for range 1000 {
			time.Sleep(97 * time.Millisecond)
			synctest.Wait()
			want, asOf := c.Snapshot(), moment{time.Now().Unix(), c.shared.Published(), false}
			if asOf != keptAsOf {
				kept, keptAsOf = want, asOf
			}
			asJSON, asText := expected(kept)
			code, body := get(handler, "/health", "")
			require.Equal(t, asJSON, body)
			require.Equal(t, map[bool]int{true: 200, false: 503}[serves(kept.Status)], code)
			_, body = get(handler, "/health?verbose", "text/plain")
			require.Equal(t, asText, body)
			shownJSON, shown := asJSON, asText
			_, asText = expected(want)
			late = late || asText != shown
			_, body = get(handler, "/health?exclude=nobody", "")
			require.Equal(t, shownJSON, body)
			_, body = get(handler, "/health?verbose&exclude=", "text/plain")
			require.Equal(t, shown, body)
			require.Equal(t, want.Status, c.Status())
			for _, r := range want.Checks {
				seen[r.Status.String()] = true
				seen["stuck"] = seen["stuck"] || strings.Contains(r.Message, "stuck")
				seen["flapping"] = seen["flapping"] || r.Flapping
				seen["blocked"] = seen["blocked"] || r.BlockedBy != ""
			}
		}
		require.Len(t, seen, 7, "every case occurred: %v", seen)
		require.True(t, late, "a change by time alone occurred")
	})
}
