package tests

import (
	"context"
	"testing"

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
