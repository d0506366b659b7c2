package api

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/actors/health"
)

// Promise (Health over HTTP and gRPC): A request runs no check and waits for none. Its cost does not grow with the number of checks.
func TestHealthAThousandProbersAtOnce(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		var runs atomic.Int32
		blink := func(context.Context) bool { return runs.Add(1)%3 > 0 }
		for i := range 20 {
			require.NoError(t, h.Register(fmt.Sprint(i), CheckConfig{Interval: OnDemand, Optional: i%2 == 0}, Bool(blink)))
		}
		synctest.Wait()
		require.EqualValues(t, 20, runs.Load())
		handler := h.Handler()
		h.mu.Lock() // probes need no lock
		checks := h.source.Set.Load().Checks()
		var wg sync.WaitGroup
		probe := func() {
			code, _, body := get(handler, "GET", "/health")
			var report struct {
				Status Status
				Checks []struct{ Status Status }
			}
			require.NoError(t, json.Unmarshal([]byte(body), &report))
			var all health.Overall
			for i, c := range report.Checks {
				all.Add(health.Result{Status: c.Status}, checks[i].Config().Optional)
			}
			require.Equal(t, all.Status(), report.Status, "the whole fits its parts, whatever happens meanwhile")
			require.Equal(t, map[bool]int{true: 200, false: 503}[report.Status == Healthy || report.Status == Degraded], code)
		}
		for range 1000 {
			wg.Go(probe)
		}
		wg.Wait()
		require.EqualValues(t, 20, runs.Load(), "probes run nothing")
		for range 1000 {
			wg.Go(probe)
		}
		for range 20 {
			wg.Go(func() { h.RunAll(t.Context()) })
		}
		wg.Wait()
		require.Greater(t, runs.Load(), int32(20))
		h.mu.Unlock()
	})
}

// What a probe costs does not grow with the number of checks.
//
// Promise (Health over HTTP and gRPC): A request runs no check and waits for none. Its cost does not grow with the number of checks.
func TestHealthProbesOfAThousandChecksCostWhatThoseOfOneDo(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		handler := h.Handler()
		cost := func() (allocations []float64) {
			h.RunAll(t.Context())
			for _, endpoint := range endpoints {
				if endpoint[0] == "/readyz?exclude=check-0007" {
					continue // looks at each check again
				}
				r, w := request(endpoint), newNowhere()
				allocations = append(allocations, testing.AllocsPerRun(100, func() { handler.ServeHTTP(w, r) }))
			}
			return allocations
		}
		require.NoError(t, h.Register("check-0007", CheckConfig{Interval: OnDemand}, fine))
		one := cost()
		for i := range 1000 {
			require.NoError(t, h.Register(fmt.Sprint(i), CheckConfig{Interval: OnDemand}, fine))
		}
		for i, n := range cost() {
			require.InDelta(t, one[i], n, 3, "%v", endpoints[i])
		}
	})
}
