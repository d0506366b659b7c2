package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

func TestHealthStatusChangesAreEvents(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, h *Health) {
		var events []string
		cancel := s.Subscribe(func(e Event) {
			if c, ok := e.(CheckChanged); ok {
				events = append(events, fmt.Sprintf("%v>%v %s", c.From, c.To, c.Message))
			}
		})
		var runs atomic.Int32
		check := func(context.Context) (Details, error) {
			return nil, []error{nil, errors.New("refused"), Degrade("slow"), nil}[runs.Add(1)-1]
		}
		require.NoError(t, h.Register("db", CheckConfig{Interval: OnDemand}, check))
		synctest.Wait()
		for range 3 {
			h.Run(t.Context(), "db")
		}
		synctest.Wait()
		cancel()
		require.Equal(t, []string{"UNKNOWN>HEALTHY ", "HEALTHY>UNHEALTHY refused", "UNHEALTHY>DEGRADED recovered after 1 failure, 0.0s: slow", "DEGRADED>HEALTHY "}, events)
	})
}

func TestHealthShowsFlapping(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, h *Health) {
		var runs, told atomic.Int32
		cancel := s.Subscribe(func(e Event) {
			if c, ok := e.(CheckChanged); ok && strings.HasSuffix(c.Message, "(flapping)") {
				told.Add(1)
			}
		})
		defer cancel()
		even := func(context.Context) bool { return runs.Add(1)%2 == 0 }
		require.NoError(t, h.Register("db", CheckConfig{}, Bool(even)))
		time.Sleep(15 * time.Second)
		require.False(t, h.Snapshot().Checks[0].Flapping)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		r := h.Snapshot().Checks[0]
		require.True(t, r.Flapping)
		require.GreaterOrEqual(t, len(r.Changes), 10)
		require.Positive(t, told.Load())
		for i, c := range r.Changes[1:] {
			require.Equal(t, r.Changes[i].To, c.From, "each change begins where the last one ended")
		}
		_, _, body := get(h.Handler(), "GET", "/health")
		require.Contains(t, body, `"flapping":true`)
		_, _, body = get(h.Handler(), "GET", "/readyz?verbose")
		require.Contains(t, body, " (flapping)\n")
	})
}
