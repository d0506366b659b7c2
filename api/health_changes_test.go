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

// Promise (Health): Each change of status is an event.
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

// Promise (Health): A result holds the last changes of the status, how long each lasted, and whether the check flaps.
func TestHealthShowsFlapping(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, h *Health) {
		var runs, reported atomic.Int32
		cancel := s.Subscribe(func(e Event) {
			if c, ok := e.(CheckChanged); ok && c.Flapping {
				require.True(t, strings.HasSuffix(c.Message, "(flapping)"))
				reported.Add(1)
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
		require.Positive(t, reported.Load())
		for i, c := range r.Changes[1:] {
			require.Equal(t, r.Changes[i].To, c.From, "each change begins where the last one ended")
		}
	})
}

// Promise (Health): A result holds the last changes of the status, how long each lasted, and whether the check flaps.
func TestHealthEventsTellWhatEnded(t *testing.T) {
	withHealth(t, func(t *testing.T, s *System, h *Health) {
		var events []CheckChanged
		cancel := s.Subscribe(func(e Event) {
			if c, ok := e.(CheckChanged); ok {
				c.At = time.Time{}
				events = append(events, c)
			}
		})
		defer cancel()
		var down atomic.Bool
		check := func(context.Context) bool { return !down.Load() }
		require.NoError(t, h.Register("db", CheckConfig{Interval: OnDemand, UnhealthyAfter: 2, HealthyAfter: 2}, Bool(check)))
		synctest.Wait()
		for _, step := range []struct {
			after time.Duration
			down  bool
		}{{60, true}, {1, true}, {1, true}, {40, false}, {1, false}} {
			time.Sleep(step.after * time.Second)
			down.Store(step.down)
			h.Run(t.Context(), "db")
		}
		synctest.Wait()
		require.Equal(t, []CheckChanged{
			{Name: "db", From: Unknown, To: Healthy},
			{Name: "db", From: Healthy, To: Unhealthy, Message: "not healthy", Lasted: 61 * time.Second, Failures: 2},
			{Name: "db", From: Unhealthy, To: Healthy, Message: "recovered after 3 failures, 43.0s", Lasted: 42 * time.Second, Failures: 3},
		}, events)
	})
}
