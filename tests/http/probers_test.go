package http_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// fold returns the overall status of checks, every other one of which is optional.
func fold(statuses []api.Status) api.Status {
	all := api.Healthy
	for _, level := range []api.Status{api.Unknown, api.Degraded, api.Unhealthy} {
		for i, s := range statuses {
			if s == api.Unhealthy && i%2 == 0 {
				s = api.Degraded
			}
			if s == level {
				all = level
			}
		}
	}
	return all
}

// Promise (Health over HTTP and gRPC): A request runs no check and waits for none. While nothing is new, its cost does not grow with the number of checks.
func TestHealthAThousandProbersAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		var runs atomic.Int32
		blink := func(context.Context) bool { return runs.Add(1)%3 > 0 }
		for i := range 20 {
			register(t, s, fmt.Sprintf("%02d", i), api.CheckConfig{Interval: api.OnDemand, Optional: i%2 == 0}, api.Bool(blink))
		}
		synctest.Wait()
		require.EqualValues(t, 20, runs.Load())
		handler := s.Health().Handler()
		var wg sync.WaitGroup
		probe := func() {
			got := get(handler, "/health")
			var report struct {
				Status api.Status
				Checks []struct{ Status api.Status }
			}
			require.NoError(t, json.Unmarshal([]byte(got.body), &report))
			var statuses []api.Status
			for _, c := range report.Checks {
				statuses = append(statuses, c.Status)
			}
			require.Equal(t, fold(statuses), report.Status)
			require.Equal(t, report.Status == api.Healthy || report.Status == api.Degraded, got.code == 200)
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
			wg.Go(func() { s.Health().RunAll(t.Context()) })
		}
		wg.Wait()
		require.Greater(t, runs.Load(), int32(20))
	})
}

// Promise (Health over HTTP and gRPC): A request runs no check and waits for none. While nothing is new, its cost does not grow with the number of checks.
func TestHealthProbesOfAThousandChecksCostWhatThoseOfOneDo(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		handler := s.Health().Handler()
		cost := func() (allocations []float64) {
			s.Health().RunAll(t.Context())
			for _, endpoint := range endpoints {
				r, w := endpoint.request(), newNowhere()
				allocations = append(allocations, testing.AllocsPerRun(100, func() { handler.ServeHTTP(w, r) }))
			}
			return allocations
		}
		register(t, s, "check-0007", onDemand, fine)
		one := cost()
		for i := range 1000 {
			register(t, s, fmt.Sprint(i), onDemand, fine)
		}
		for i, n := range cost() {
			require.InDelta(t, one[i], n, 3, "%v", endpoints[i])
		}
	})
}

// Promise (Health): Register, Deregister, Run, Snapshot and the handler may be used concurrently.
func TestHealthConcurrentUse(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		h := s.Health()
		handler := h.Handler()
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for n := range 30 {
					name := fmt.Sprintf("%d-%d", i, n)
					require.NoError(t, h.Register(name, api.CheckConfig{}, fine))
					h.Run(t.Context(), name)
					h.Snapshot("ready")
					get(handler, "/health")
					if n%2 == 0 {
						require.NoError(t, h.Deregister(name))
					}
				}
			})
		}
		wg.Wait()
		all := h.RunAll(t.Context())
		require.Len(t, all.Checks, 8*15)
		require.Equal(t, api.Healthy, all.Status)
		require.Equal(t, "0-1", all.Checks[0].Name)
	})
}
