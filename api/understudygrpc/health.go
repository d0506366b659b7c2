package understudygrpc

import (
	"context"
	"maps"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/understudy-go/understudy/api"
)

// pollEvery is how often a Watch reads the status anew. A result that becomes
// stale changes it without an event.
const pollEvery = time.Second

// HealthServer implements grpc.health.v1: Check, List and Watch. It runs no
// check: it reports the results that the system has. Make it with
// NewHealthServer. It is safe for concurrent use.
type HealthServer struct {
	pb.UnimplementedHealthServer
	system   *api.System
	services map[string]string
}

// NewHealthServer returns a server for the checks of a system. Each group of
// checks is a service of the same name, and "" is the group "ready". services
// adds names of services and the groups they stand for:
// {"orders.v1.Orders": "storage"}. It may be nil.
//
// A service whose group is Healthy or Degraded is SERVING. It is NOT_SERVING
// otherwise: until every check of the group has its first result, and as soon
// as Drain or Shutdown begins. The groups "live" and "ready" always exist. A
// service in services whose group has no checks is NOT_SERVING, because the
// name of the group may be mistyped.
func NewHealthServer(system *api.System, services map[string]string) *HealthServer {
	all := map[string]string{"": "ready"}
	maps.Copy(all, services)
	return &HealthServer{system: system, services: all}
}

// Check returns the status of a service. It fails with NOT_FOUND when there is
// no such service.
func (s *HealthServer) Check(_ context.Context, in *pb.HealthCheckRequest) (*pb.HealthCheckResponse, error) {
	now := s.status(in.GetService())
	if now == pb.HealthCheckResponse_SERVICE_UNKNOWN {
		return nil, status.Errorf(codes.NotFound, "unknown service %q", in.GetService())
	}
	return &pb.HealthCheckResponse{Status: now}, nil
}

// List returns the status of every service.
func (s *HealthServer) List(context.Context, *pb.HealthListRequest) (*pb.HealthListResponse, error) {
	list := &pb.HealthListResponse{Statuses: map[string]*pb.HealthCheckResponse{}}
	for _, group := range s.system.Health().Groups() {
		list.Statuses[group] = &pb.HealthCheckResponse{Status: s.status(group)}
	}
	for service := range s.services {
		list.Statuses[service] = &pb.HealthCheckResponse{Status: s.status(service)}
	}
	return list, nil
}

// Watch sends the status of a service at once and then whenever it changes. The
// status of an unknown service is SERVICE_UNKNOWN until it exists. When Drain or
// Shutdown begins, Watch sends NOT_SERVING if the service was SERVING, and ends
// with UNAVAILABLE, so that GracefulStop can return.
func (s *HealthServer) Watch(in *pb.HealthCheckRequest, stream grpc.ServerStreamingServer[pb.HealthCheckResponse]) error {
	changed := make(chan struct{}, 1)
	cancel := s.system.Subscribe(func(e api.Event) {
		if _, ok := e.(api.CheckChanged); ok {
			select {
			case changed <- struct{}{}:
			default: // a change is pending already
			}
		}
	})
	defer cancel()
	again := time.NewTicker(pollEvery)
	defer again.Stop()
	draining := s.system.Health().Draining()
	sent := pb.HealthCheckResponse_ServingStatus(-1)
	for {
		if now := s.status(in.GetService()); now != sent {
			if err := stream.Send(&pb.HealthCheckResponse{Status: now}); err != nil {
				return err
			}
			sent = now
		}
		select {
		case <-draining:
			return s.end(stream, sent)
		default:
		}
		select {
		case <-changed:
		case <-again.C:
		case <-draining:
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		}
	}
}

// end sends NOT_SERVING, unless it was sent, and returns the error that ends a
// Watch.
func (s *HealthServer) end(stream grpc.ServerStreamingServer[pb.HealthCheckResponse], sent pb.HealthCheckResponse_ServingStatus) error {
	if sent == pb.HealthCheckResponse_SERVING {
		if err := stream.Send(&pb.HealthCheckResponse{Status: pb.HealthCheckResponse_NOT_SERVING}); err != nil {
			return err
		}
	}
	return status.Error(codes.Unavailable, "draining")
}

// status returns the status of a service now.
func (s *HealthServer) status(service string) pb.HealthCheckResponse_ServingStatus {
	health := s.system.Health()
	group, named := s.services[service]
	if !named {
		group = service
	}
	switch known := slices.Contains(health.Groups(), group); {
	case !known && named:
		return pb.HealthCheckResponse_NOT_SERVING
	case !known:
		return pb.HealthCheckResponse_SERVICE_UNKNOWN
	}
	select {
	case <-health.Draining():
		return pb.HealthCheckResponse_NOT_SERVING
	default:
	}
	switch health.Status(group) {
	case api.Healthy, api.Degraded:
		return pb.HealthCheckResponse_SERVING
	}
	return pb.HealthCheckResponse_NOT_SERVING
}
