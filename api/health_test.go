package api

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Promise (Health): Register returns a *ConfigError if the name is taken or empty, the check is nil, or a setting is invalid.
func TestHealthRegisterRefuses(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		require.NoError(t, h.Register("db", CheckConfig{}, fine))
		for _, row := range []struct {
			name, field string
			cfg         CheckConfig
			check       Check
		}{
			{"db", "Name", CheckConfig{}, fine},
			{"", "Name", CheckConfig{}, fine},
			{"x", "Check", CheckConfig{}, nil},
			{"x", "Check", CheckConfig{}, Ping(nil)},
			{"x", "Check", CheckConfig{}, Bool(nil)},
			{"x", "Timeout", CheckConfig{Timeout: -1}, fine},
			{"x", "Interval", CheckConfig{Interval: -5}, fine},
		} {
			err := h.Register(row.name, row.cfg, row.check)
			var bad *ConfigError
			require.ErrorAs(t, err, &bad)
			require.ErrorIs(t, err, ErrConfig)
			require.Equal(t, [3]string{"check", row.name, row.field}, [3]string{bad.Kind, bad.Name, bad.Field})
		}
		require.Len(t, h.Snapshot().Checks, 1, "a refused check is not registered")
		require.ErrorIs(t, h.Deregister("nobody"), ErrConfig)
	})
}

// Promise (Health): Run and RunAll return fresh results. RunAll runs all checks at once, each within its timeout.
func TestHealthRunsAllAtOnceWithinTheirTimeouts(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		for i := range 20 {
			check := func(ctx context.Context) (Details, error) {
				time.Sleep(300 * time.Millisecond)
				return Details{"i": i}, nil
			}
			require.NoError(t, h.Register(fmt.Sprintf("slow-%02d", i), CheckConfig{Interval: OnDemand}, check))
		}
		hangs := func(ctx context.Context) (Details, error) { <-ctx.Done(); return nil, ctx.Err() }
		require.NoError(t, h.Register("hangs", CheckConfig{Interval: OnDemand, Timeout: time.Second, Optional: true}, hangs))
		require.Equal(t, Unknown, h.Snapshot().Status, "no result yet")
		time.Sleep(2 * time.Second)
		began := time.Now()
		all := h.RunAll(t.Context())
		require.Equal(t, time.Second, time.Since(began))
		require.Equal(t, Degraded, all.Status, "an optional check failed")
		require.Equal(t, "3.1.0", all.Version)
		require.Equal(t, 3*time.Second, all.Uptime)
		require.Len(t, all.Checks, 21)
		require.Equal(t, "timed out after 1.0s", all.Checks[0].Message)
		for i, c := range all.Checks[1:] {
			require.Equal(t, fmt.Sprintf("slow-%02d", i), c.Name, "sorted")
			require.Equal(t, 300*time.Millisecond, c.Latency)
			require.Equal(t, Details{"i": i}, c.Details)
		}
	})
}

// Promise (Health): A caller whose context ends first gets the results so far; the other checks read UNKNOWN, to this caller only.
func TestHealthCallerWhoLeavesGetsWhatIsKnown(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		require.NoError(t, h.Register("quick", CheckConfig{Interval: OnDemand}, fine))
		slow := func(context.Context) (Details, error) { time.Sleep(5 * time.Second); return nil, nil }
		require.NoError(t, h.Register("slow", CheckConfig{Interval: OnDemand}, slow))
		time.Sleep(6 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		all := h.RunAll(ctx)
		require.Equal(t, Unknown, all.Status)
		require.Equal(t, Healthy, all.Checks[0].Status)
		require.Equal(t, Unknown, all.Checks[1].Status)
		require.Contains(t, all.Checks[1].Message, "context deadline exceeded")
		require.Equal(t, Healthy, h.Snapshot().Status, "only this caller gets UNKNOWN")
		time.Sleep(5 * time.Second)
		require.Equal(t, Healthy, h.Run(t.Context(), "slow").Status)
		require.Equal(t, CheckResult{Name: "x", Message: "Check 'x' not found"}, h.Run(t.Context(), "x"))
		var none context.Context
		require.Equal(t, Unknown, h.Run(none, "quick").Status, "a nil ctx")
	})
}

// Promise (Health): Bool and Ping make checks of functions.
func TestHealthBoolAndPing(t *testing.T) {
	withHealth(t, func(t *testing.T, _ *System, h *Health) {
		gone := errors.New("gone")
		require.NoError(t, h.Register("yes", CheckConfig{}, Bool(func(context.Context) bool { return true })))
		require.NoError(t, h.Register("no", CheckConfig{}, Bool(func(context.Context) bool { return false })))
		require.NoError(t, h.Register("pong", CheckConfig{}, Ping(func(context.Context) error { return nil })))
		require.NoError(t, h.Register("gone", CheckConfig{}, Ping(func(context.Context) error { return gone })))
		for name, want := range map[string]string{"yes": "HEALTHY ", "no": "UNHEALTHY not healthy", "pong": "HEALTHY ", "gone": "UNHEALTHY gone"} {
			r := h.Run(t.Context(), name)
			require.Equal(t, want, r.Status.String()+" "+r.Message)
		}
	})
}
