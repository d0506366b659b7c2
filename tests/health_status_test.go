package tests

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/understudy-go/understudy/api"
)

// Promise (Health): The result of a check is its status. The overall status is the worst of all, except that an optional UNHEALTHY check only degrades it.
func TestWhatACheckReturnsIsItsStatus(t *testing.T) {
	rows := []struct {
		name    string
		check   api.Check
		status  api.Status
		message string
	}{
		{"nil is healthy", func(context.Context) (api.Details, error) { return nil, nil }, api.Healthy, ""},
		{"an error is unhealthy", func(context.Context) (api.Details, error) { return nil, errBoom }, api.Unhealthy, "boom"},
		{"Degrade is degraded", func(context.Context) (api.Details, error) { return nil, api.Degrade("slow disk") }, api.Degraded, "slow disk"},
		{"Ping nil", api.Ping(succeed), api.Healthy, ""},
		{"Ping error", api.Ping(fail), api.Unhealthy, "boom"},
		{"Bool true", api.Bool(func(context.Context) bool { return true }), api.Healthy, ""},
		{"Bool false", api.Bool(func(context.Context) bool { return false }), api.Unhealthy, ""},
		{"a panic is unhealthy", func(context.Context) (api.Details, error) { panic("kaboom") }, api.Unhealthy, "panicked: kaboom"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				register(t, s, "db", onDemand, row.check)
				got := last(t, s, "db")
				require.Equal(t, row.status, got.Status)
				require.Contains(t, got.Message, row.message)
			})
		})
	}
}

// Promise (Health): The result of a check is its status. The overall status is the worst of all, except that an optional UNHEALTHY check only degrades it.
func TestOverallStatus(t *testing.T) {
	type check struct {
		status   api.Status
		optional bool
	}
	const (
		unknown, healthy, degraded, unhealthy = api.Unknown, api.Healthy, api.Degraded, api.Unhealthy
	)
	rows := []struct {
		name   string
		checks []check
		want   api.Status
	}{
		{"no checks", nil, healthy},
		{"all healthy", []check{{healthy, false}, {healthy, true}}, healthy},
		{"a required one is unhealthy", []check{{healthy, false}, {degraded, false}, {unhealthy, false}, {unknown, false}}, unhealthy},
		{"one is degraded", []check{{healthy, false}, {degraded, false}}, degraded},
		{"an optional one is degraded", []check{{healthy, false}, {degraded, true}}, degraded},
		{"an optional one is unhealthy", []check{{healthy, false}, {unhealthy, true}}, degraded},
		{"degraded goes before unknown", []check{{unknown, false}, {unhealthy, true}}, degraded},
		{"one is unknown", []check{{healthy, false}, {unknown, true}}, unknown},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *api.System) {
				for i, c := range row.checks {
					register(t, s, string(rune('a'+i)), api.CheckConfig{Interval: api.OnDemand, Optional: c.optional},
						func(ctx context.Context) (api.Details, error) {
							switch c.status {
							case degraded:
								return nil, api.Degrade("so so")
							case unhealthy:
								return nil, errBoom
							case unknown:
								<-ctx.Done() // has not answered yet
							}
							return nil, nil
						})
				}
				synctest.Wait()
				require.Equal(t, row.want, s.Health().Snapshot().Status)
			})
		})
	}
}
