package understudygrpc_test

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/api/understudygrpc"
)

// bubble runs fn in virtual time with a System and a server without sockets.
func bubble(t *testing.T, fn func(t *testing.T, system *api.System, server *understudygrpc.HealthServer)) {
	synctest.Test(t, func(t *testing.T) {
		system, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
		require.NoError(t, err)
		defer func() { require.NoError(t, system.Shutdown(context.Background())) }()
		fn(t, system, understudygrpc.NewHealthServer(system, nil))
	})
}

// watcher is a stream whose client reads everything.
type watcher struct {
	grpc.ServerStream
	ctx context.Context
	mu  sync.Mutex
	got []pb.HealthCheckResponse_ServingStatus
}

func (w *watcher) Context() context.Context { return w.ctx }

func (w *watcher) Send(answer *pb.HealthCheckResponse) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.got = append(w.got, answer.GetStatus())
	return nil
}

// Promise (Health over HTTP and gRPC): gRPC: the streams of a server share one subscription, and wake only when their service changes. Beyond 10,000 streams Watch is RESOURCE_EXHAUSTED.
func TestStreamsShareOneSubscription(t *testing.T) {
	bubble(t, func(t *testing.T, system *api.System, server *understudygrpc.HealthServer) {
		const limit = 10_000
		health := system.Health()
		down, db := switchable()
		require.NoError(t, health.Register("db", api.CheckConfig{Interval: api.OnDemand, Groups: []string{"storage"}}, db))
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		before := runtime.NumGoroutine()
		watchers, ended := make([]*watcher, limit), make(chan error, limit)
		for i := range watchers {
			watchers[i] = &watcher{ctx: ctx}
			service := []string{"storage", "live"}[i%2]
			go func() { ended <- server.Watch(&pb.HealthCheckRequest{Service: service}, watchers[i]) }()
		}
		synctest.Wait()
		require.LessOrEqual(t, runtime.NumGoroutine()-before, limit+10, "one goroutine a stream, and those of one subscription")
		refused := server.Watch(&pb.HealthCheckRequest{}, &watcher{ctx: ctx})
		require.Equal(t, codes.ResourceExhausted, status.Code(refused))

		down.Store(true)
		health.Run(t.Context(), "db")
		synctest.Wait()
		require.Equal(t, []pb.HealthCheckResponse_ServingStatus{serving, notServing}, watchers[0].got)
		require.Equal(t, []pb.HealthCheckResponse_ServingStatus{serving}, watchers[1].got)
		require.Equal(t, watchers[0].got, watchers[limit-2].got)

		cancel()
		for range limit {
			require.Equal(t, codes.Canceled, status.Code(<-ended))
		}
		synctest.Wait()
		require.LessOrEqual(t, runtime.NumGoroutine(), before, "the last stream ended the subscription")

		again, leave := context.WithCancel(t.Context())
		w := &watcher{ctx: again}
		go func() { ended <- server.Watch(&pb.HealthCheckRequest{Service: "storage"}, w) }()
		synctest.Wait()
		require.Equal(t, []pb.HealthCheckResponse_ServingStatus{notServing}, w.got)
		leave()
		<-ended
	})
}

// Promise (Health over HTTP and gRPC): gRPC: a name that is too long is not repeated, and List of more than 1,000 services is RESOURCE_EXHAUSTED.
func TestNamesAndListsHaveLimits(t *testing.T) {
	bubble(t, func(t *testing.T, system *api.System, server *understudygrpc.HealthServer) {
		for length, echo := range map[int]int{255: 1, 256: 0, 1 << 20: 0} {
			name := strings.Repeat("x", length)
			_, err := server.Check(t.Context(), &pb.HealthCheckRequest{Service: name})
			require.Equal(t, codes.NotFound, status.Code(err))
			require.Equal(t, echo, strings.Count(err.Error(), name))
			require.Less(t, len(err.Error()), 400)

			ctx, cancel := context.WithCancel(t.Context())
			w := &watcher{ctx: ctx}
			ended := make(chan error)
			go func() { ended <- server.Watch(&pb.HealthCheckRequest{Service: name}, w) }()
			synctest.Wait()
			require.Equal(t, []pb.HealthCheckResponse_ServingStatus{unknown}, w.got)
			cancel()
			<-ended
		}

		var groups []string
		for i := range 997 { // and "", "live" and "ready"
			groups = append(groups, fmt.Sprint("group-", i))
		}
		_, db := switchable()
		require.NoError(t, system.Health().Register("db", api.CheckConfig{Interval: api.OnDemand, Groups: groups}, db))
		synctest.Wait()
		list, err := server.List(t.Context(), &pb.HealthListRequest{})
		require.NoError(t, err)
		require.Len(t, list.GetStatuses(), 1000)
		require.NoError(t, system.Health().Register("more", api.CheckConfig{Interval: api.OnDemand, Groups: []string{"more"}}, db))
		_, err = server.List(t.Context(), &pb.HealthListRequest{})
		require.Equal(t, codes.ResourceExhausted, status.Code(err))
	})
}

// The cost of a call while clients watch.
func BenchmarkCallBeside1000Watches(b *testing.B) {
	system, err := api.Start(api.SystemConfig{Logger: slog.New(slog.DiscardHandler)})
	require.NoError(b, err)
	breaker, err := system.Breaker("db", api.BreakerConfig{})
	require.NoError(b, err)
	server := understudygrpc.NewHealthServer(system, nil)
	ctx, cancel := context.WithCancel(b.Context())
	var wg sync.WaitGroup
	for range 1000 {
		wg.Go(func() { _ = server.Watch(&pb.HealthCheckRequest{}, &watcher{ctx: ctx}) })
	}
	fails := func(context.Context) (int, error) { return 0, context.DeadlineExceeded }
	require.NoError(b, breaker.ForceOpen())
	for b.Loop() {
		_, _ = api.Do(ctx, breaker, fails, api.Value(1))
	}
	cancel()
	wg.Wait()
	require.NoError(b, system.Shutdown(context.Background()))
}
