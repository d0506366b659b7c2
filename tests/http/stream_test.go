package http_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// unread is a ResponseWriter whose client does not read: the second Write blocks
// until the client is released.
type unread struct {
	httptest.ResponseRecorder
	release <-chan struct{}
}

func (u *unread) Write(b []byte) (int, error) {
	if u.Body.Len() > 0 {
		<-u.release
	}
	return u.ResponseRecorder.Write(b)
}

// heap returns how many bytes are in use.
func heap() int {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}

// Promise (Health over HTTP and gRPC): A page for one client, or longer than 1 MiB, is written piece by piece: a client that does not read holds no page.
func TestClientsThatDoNotReadHoldNoPages(t *testing.T) {
	const clients = 10
	bubble(t, func(t *testing.T, s *api.System) {
		for i := range 120 {
			register(t, s, fmt.Sprintf("check-%03d", i), onDemand, func(context.Context) (api.Details, error) {
				return api.Details{"text": strings.Repeat("x", 10_000)}, nil
			})
		}
		synctest.Wait()
		handler := with(t, s, api.HandlerConfig{ShowDetails: api.Always})
		for _, path := range []string{"/health", "/health?exclude=check-000", "/health?exclude=nobody"} {
			var wg sync.WaitGroup
			release := make(chan struct{})
			before := heap()
			for range clients {
				wg.Go(func() {
					w := &unread{*httptest.NewRecorder(), release}
					handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
					require.Greater(t, w.Body.Len(), 1_190_000)
					require.True(t, strings.HasSuffix(w.Body.String(), "}]}\n"))
				})
			}
			synctest.Wait()
			require.Less(t, heap()-before, 1_000_000, "less than one page is held: %s", path)
			close(release)
			wg.Wait()
		}
	})
}

// gone is a ResponseWriter whose client has left.
type gone struct{ nowhere }

func (gone) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

// Promise (Health over HTTP and gRPC): A page for one client, or longer than 1 MiB, is written piece by piece: a client that does not read holds no page.
func TestAPageEndsWithItsClient(t *testing.T) {
	bubble(t, func(t *testing.T, s *api.System) {
		for i := range 1000 {
			register(t, s, fmt.Sprint(i), onDemand, func(context.Context) (api.Details, error) {
				return api.Details{"n": i}, nil
			})
		}
		synctest.Wait()
		handler := with(t, s, api.HandlerConfig{ShowDetails: api.Always})
		for _, accept := range formats[:2] {
			page := endpoint{"/health?exclude=0", accept}.request()
			cost := func(w http.ResponseWriter) float64 {
				return testing.AllocsPerRun(10, func() { handler.ServeHTTP(w, page) })
			}
			require.Greater(t, cost(newNowhere()), 2000.0, "checks are encoded one by one")
			require.Less(t, cost(&gone{*newNowhere()}), 300.0)
			page.Method = http.MethodHead
			require.Less(t, cost(newNowhere()), 50.0, "HEAD needs no page")
		}
	})
}

// nested returns JSON that is nested that deeply.
func nested(depth int) json.RawMessage {
	return bytes.Join([][]byte{bytes.Repeat([]byte("["), depth), bytes.Repeat([]byte("]"), depth)}, nil)
}

// Promise (Health over HTTP and gRPC): Details are shown as JSON whatever they hold.
func TestDetailsThatAreNestedTooDeeplyAreText(t *testing.T) {
	var deep any
	for range 9_999 {
		deep = []any{deep}
	}
	braces := `"` + strings.Repeat("[", 501) + `"`
	bubble(t, func(t *testing.T, s *api.System) {
		register(t, s, "db", onDemand, func(context.Context) (api.Details, error) {
			return api.Details{"fits": nested(500), "deep": nested(501), "deeper": nested(10_001), "value": deep, "braces": braces}, nil
		})
		synctest.Wait()
		handler := with(t, s, api.HandlerConfig{ShowDetails: api.Always})
		inGo, err := json.Marshal(map[string]any{"health": s.Health().Snapshot()})
		require.NoError(t, err)
		var all struct {
			Health struct {
				Checks []struct{ Details map[string]any }
			}
		}
		require.NoError(t, json.Unmarshal(inGo, &all))
		ietf := get(handler, "/health", asIETF)
		require.Equal(t, 200, ietf.code)
		require.True(t, json.Valid([]byte(ietf.body)), ietf.body)
		page := get(handler, "/health", asJSON)
		require.NoError(t, json.Unmarshal([]byte(`{"health":`+page.body+`}`), &all))
		details := all.Health.Checks[0].Details
		require.IsType(t, []any{}, details["fits"])
		require.Equal(t, string(nested(501)), details["deep"])
		require.IsType(t, "", details["deeper"])
		require.IsType(t, "", details["value"])
		require.Equal(t, braces, details["braces"])
	})
}
