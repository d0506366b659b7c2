package clients

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	understudy "github.com/understudy-go/understudy/api"
)

// office is a gRPC server. It answers a call for "slow" when the call has ended, and each
// other call with the status of that name.
type office struct {
	health.UnimplementedHealthServer
	waiting chan struct{} // a value for each call for "slow" that waits
}

var statuses = map[string]codes.Code{"ok": codes.OK, "unavailable": codes.Unavailable, "deadline": codes.DeadlineExceeded}

func (o *office) Check(ctx context.Context, r *health.HealthCheckRequest) (*health.HealthCheckResponse, error) {
	if r.Service == "slow" {
		o.waiting <- struct{}{}
		<-ctx.Done()
		return nil, status.FromContextError(ctx.Err()).Err()
	}
	return &health.HealthCheckResponse{}, status.Error(statuses[r.Service], "as asked")
}

// openOffice starts the server. It returns a call to it, by service.
func openOffice(t *testing.T) (*office, func(service string) func(context.Context) error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	o, server := &office{waiting: make(chan struct{}, 10)}, grpc.NewServer()
	health.RegisterHealthServer(server, o)
	served := make(chan error)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() { server.Stop(); require.NoError(t, <-served) })

	connection, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, connection.Close()) })
	client := health.NewHealthClient(connection)
	return o, func(service string) func(context.Context) error {
		return func(ctx context.Context) error {
			_, err := client.Check(ctx, &health.HealthCheckRequest{Service: service})
			return err
		}
	}
}

// gRPC returns a status with the code Canceled, which is not context.Canceled.
//
// Promise (Clients): Callers of gRPC that cancel are ignored.
func TestCallersOfGRPCThatCancelAreIgnored(t *testing.T) {
	o, call := openOffice(t)
	s := start(t)
	b := breaker(t, s, understudy.BreakerConfig{})
	for name, policy := range around(t, s, b) {
		require.NoError(t, b.Reset())
		before := counts(t, b)
		for range 3 {
			ctx, cancel := context.WithCancel(t.Context())
			left := make(chan error)
			go func() { left <- understudy.Run(ctx, policy, call("slow")) }()
			<-o.waiting
			cancel()
			require.Error(t, <-left, name)
		}
		require.Equal(t, understudy.Closed, b.State(), name)
		require.Equal(t, before.Ignored+3, counts(t, b).Ignored, name)
		require.Equal(t, before.Failures, counts(t, b).Failures, name)
	}
}

// gRPC returns a status with the code DeadlineExceeded, which is not
// context.DeadlineExceeded.
//
// Promise (Clients): A call of gRPC past the limit of a Timeout is a TimeoutError, and a failure.
func TestACallOfGRPCPastTheLimitIsATimeout(t *testing.T) {
	_, call := openOffice(t)
	s := start(t)
	b := breaker(t, s, understudy.BreakerConfig{})
	require.NoError(t, b.Run(t.Context(), call("ok")), "connects")
	for _, cooperative := range []bool{true, false} {
		before := counts(t, b)
		timeout := understudy.TimeoutConfig{Limit: short, Cooperative: cooperative}
		err := understudy.Run(t.Context(), understudy.Compose(timeout, b), call("slow"))
		var timedOut *understudy.TimeoutError
		require.ErrorAs(t, err, &timedOut, "cooperative %t: %v", cooperative, err)
		require.Equal(t, before.Failures+1, counts(t, b).Failures)
	}
}

// DeadlineExceeded may come from a deadline of the server itself.
//
// Promise (Clients): A status of gRPC before the limit is a failure that comes back as it is, DeadlineExceeded included.
func TestAStatusOfGRPCBeforeTheLimitIsAFailure(t *testing.T) {
	_, call := openOffice(t)
	s := start(t)
	b := breaker(t, s, understudy.BreakerConfig{})
	for i, service := range []string{"deadline", "unavailable", "deadline"} {
		err := understudy.Run(t.Context(), understudy.Compose(understudy.Timeout(long), b), call(service))
		require.Equal(t, statuses[service], status.Code(err))
		require.NotErrorIs(t, err, understudy.ErrTimeout)
		require.Equal(t, uint64(i+1), counts(t, b).Failures)
	}
	require.Equal(t, understudy.Open, b.State())
}
