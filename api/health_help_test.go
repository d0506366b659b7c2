package api

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
)

// withHealth runs fn in a bubble with a System, and then shuts the System down.
func withHealth(t *testing.T, fn func(t *testing.T, s *System, h *Health)) {
	synctest.Test(t, func(t *testing.T) {
		s, err := Start(SystemConfig{Version: "3.1.0", Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Shutdown(context.Background())) }()
		fn(t, s, s.Health())
	})
}

func fine(context.Context) (Details, error) { return nil, nil }

func statuses(all SystemHealth) (list []string) {
	for _, c := range all.Checks {
		list = append(list, fmt.Sprint(c.Name, " ", c.Status, " ", c.Message))
	}
	return list
}
