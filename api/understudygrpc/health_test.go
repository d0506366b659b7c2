package understudygrpc_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	pb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/understudygrpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	serving    = pb.HealthCheckResponse_SERVING
	notServing = pb.HealthCheckResponse_NOT_SERVING
	unknown    = pb.HealthCheckResponse_SERVICE_UNKNOWN
)

// serve starts a System, a real server on loopback and a real client.
func serve(t *testing.T) (*api.System, *grpc.Server, pb.HealthClient) {
	t.Helper()
	system, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	server := grpc.NewServer()
	pb.RegisterHealthServer(server, understudygrpc.NewHealthServer(system, map[string]string{"orders.v1.Orders": "storage"}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }() // ends with Stop
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, conn.Close())
		server.Stop()
		require.NoError(t, <-served)
		require.NoError(t, system.Shutdown(context.Background()))
	})
	return system, server, pb.NewHealthClient(conn)
}

// switchable returns a check that fails while down is true.
func switchable() (down *atomic.Bool, check api.Check) {
	down = new(atomic.Bool)
	return down, func(context.Context) (api.Details, error) {
		if down.Load() {
			return nil, errors.New("down")
		}
		return nil, nil
	}
}

// Promise (Health over HTTP and gRPC): gRPC: Check and List answer, Watch follows changes until its caller leaves or the system drains.
func TestCheckAndList(t *testing.T) {
	system, _, client := serve(t)
	health := system.Health()
	check := func(service string) any {
		answer, err := client.Check(t.Context(), &pb.HealthCheckRequest{Service: service})
		if err != nil {
			return status.Code(err)
		}
		return answer.GetStatus()
	}
	require.Equal(t, serving, check(""), "without checks the system is healthy")
	require.Equal(t, codes.NotFound, check("storage"))
	require.Equal(t, notServing, check("orders.v1.Orders"), "its group has no checks")

	down, db := switchable()
	require.NoError(t, health.Register("db", api.CheckConfig{Interval: api.OnDemand, Groups: []string{"ready", "storage"}}, db))
	release := make(chan struct{})
	slow := func(ctx context.Context) (api.Details, error) {
		<-release
		return nil, api.Degrade("slow")
	}
	require.NoError(t, health.Register("slow", api.CheckConfig{Interval: api.OnDemand}, slow))
	health.Run(t.Context(), "db")
	require.Equal(t, notServing, check(""), "a first result is missing")
	close(release)
	health.RunAll(t.Context())
	require.Equal(t, serving, check(""), "degraded serves")
	down.Store(true)
	health.Run(t.Context(), "db")

	list, err := client.List(t.Context(), &pb.HealthListRequest{})
	require.NoError(t, err)
	got := map[string]pb.HealthCheckResponse_ServingStatus{}
	for service, answer := range list.GetStatuses() {
		got[service] = answer.GetStatus()
	}
	require.Equal(t, map[string]pb.HealthCheckResponse_ServingStatus{
		"": notServing, "ready": notServing, "live": serving, "storage": notServing, "orders.v1.Orders": notServing,
	}, got)
}

// Promise (Health over HTTP and gRPC): gRPC: Check and List answer, Watch follows changes until its caller leaves or the system drains.
func TestWatchFollowsAndDrainEndsIt(t *testing.T) {
	system, server, client := serve(t)
	health := system.Health()
	down, db := switchable()
	watch := func(service string) func() pb.HealthCheckResponse_ServingStatus {
		stream, err := client.Watch(t.Context(), &pb.HealthCheckRequest{Service: service})
		require.NoError(t, err)
		return func() pb.HealthCheckResponse_ServingStatus {
			answer, err := stream.Recv()
			if err != nil {
				require.Equal(t, codes.Unavailable, status.Code(err), "%v", err)
				return -1
			}
			return answer.GetStatus()
		}
	}
	all, storage := watch(""), watch("storage")
	require.Equal(t, serving, all())
	require.Equal(t, unknown, storage())
	down.Store(true)
	require.NoError(t, health.Register("db", api.CheckConfig{Interval: api.OnDemand, Groups: []string{"ready", "storage"}}, db))
	require.Equal(t, notServing, all())
	require.Equal(t, notServing, storage())
	down.Store(false)
	health.Run(t.Context(), "db")
	require.Equal(t, serving, all())
	require.Equal(t, serving, storage())

	stopped := make(chan struct{})
	require.NoError(t, system.Drain(t.Context(), time.Nanosecond, func(ctx context.Context) error {
		defer context.AfterFunc(ctx, server.Stop)()
		server.GracefulStop() // hangs for as long as a Watch is open
		close(stopped)
		return nil
	}))
	<-stopped
	require.Equal(t, notServing, all())
	require.Equal(t, notServing, storage())
	require.EqualValues(t, -1, all(), "the stream has ended")
	require.EqualValues(t, -1, storage())
}

// Promise (Health over HTTP and gRPC): gRPC: Check and List answer, Watch follows changes until its caller leaves or the system drains.
func TestWatchEndsWithItsCaller(t *testing.T) {
	_, _, client := serve(t)
	ctx, cancel := context.WithCancel(t.Context())
	stream, err := client.Watch(ctx, &pb.HealthCheckRequest{})
	require.NoError(t, err)
	_, err = stream.Recv()
	require.NoError(t, err)
	cancel()
	_, err = stream.Recv()
	require.Equal(t, codes.Canceled, status.Code(err))
}
