package main

import (
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/understudy-go/understudy/api"
)

func TestTheStorefrontTellsWhichServiceIsDown(t *testing.T) {
	services, err := startServices(1)
	require.NoError(t, err)
	defer services.Close()
	shop, err := openShop(t.TempDir(), services, newConsole(io.Discard, time.Hour), time.Hour)
	require.NoError(t, err)
	defer func() { require.NoError(t, shop.Close()) }()
	health := shop.sys.Health()

	require.Equal(t, api.Healthy, health.RunAll(t.Context()).Status)
	require.Equal(t, []string{"circuits", "live", "ready", "services"}, health.Groups())
	require.Len(t, health.Snapshot("services").Checks, 3)
	require.Len(t, health.Snapshot("circuits").Checks, 3)
	payments, _ := shop.sys.LookupBreaker("payments")
	require.Equal(t, "payments", payments.Config().Probe)

	require.NoError(t, services["catalog"].Turn(t.Context(), Stopped))
	require.Equal(t, api.Unhealthy, health.Run(t.Context(), "catalog").Status)
	browsing := health.Run(t.Context(), "browsing")
	require.Equal(t, "catalog", browsing.BlockedBy)
	require.Equal(t, api.Degraded, health.Snapshot("ready").Status, "visitors are served all the same")

	for path, code := range map[string]int{
		"/health": 200, "/health/services": 200, "/health/circuits": 200, "/health/nobody": 404,
		"/livez": 200, "/readyz": 200, "/readyz/store": 200, "/readyz/catalog": 503, "/startupz": 200,
	} {
		resp, err := shop.client.Get(shop.url + path)
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, code, resp.StatusCode, path)
	}
}
