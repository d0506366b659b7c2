package api

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

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
				all.Add(c.Status, h.checks.Load().all.checks[i].Config().Optional)
			}
			require.Equal(t, all.Status(), report.Status, "the whole fits its parts, whatever happens meanwhile")
			require.Equal(t, map[bool]int{true: 200, false: 503}[serves(report.Status)], code)
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

// Promise (Health over HTTP and gRPC): A request runs no check and waits for none. Its cost does not grow with the number of checks.
func TestHealthPagesAreMadeOnceASecondOrWhenThereIsNews(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		mixed(t, h)
		first := func(kind int) *byte {
			get(h.Handler(), "GET", "/health")
			get(h.Handler(), "GET", "/readyz?verbose")
			g, _ := h.checks.Load().in(map[int]string{kindJSON: "", kindText: "ready"}[kind])
			return &g.last.Load().pages[2*kind].Load().text[0]
		}
		for _, kind := range []int{kindJSON, kindText} {
			made := first(kind)
			require.Same(t, made, first(kind))
			h.Run(t.Context(), "db")
			again := first(kind)
			require.NotSame(t, made, again, "there is a new result")
			require.Same(t, again, first(kind))
			time.Sleep(time.Second)
			require.NotSame(t, again, first(kind), "all are a second older")
		}
	})
}
