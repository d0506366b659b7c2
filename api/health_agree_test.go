package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
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
		for range 600 {
			time.Sleep(137 * time.Millisecond)
			snapshot := h.Snapshot()
			want, err := json.Marshal(snapshot)
			require.NoError(t, err)
			code, _, body := get(handler, "GET", "/health")
			require.Equal(t, string(want)+"\n", body)
			require.Equal(t, map[bool]int{true: 200, false: 503}[serves(snapshot.Status)], code)
			require.Equal(t, snapshot.Status, h.Status())
			for _, c := range snapshot.Checks {
				seen[c.Status.String()] = true
			}
		}
		require.Len(t, seen, 4, "every status was met")
	})
}

func TestHealthAThousandProbersAtOnce(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		mixed(t, h)
		handler := h.Handler()
		_, _, want := get(handler, "GET", "/health")
		var wg sync.WaitGroup
		for range 1000 {
			wg.Go(func() {
				_, _, body := get(handler, "GET", "/health")
				require.Equal(t, want, body)
			})
		}
		wg.Wait()
	})
}
