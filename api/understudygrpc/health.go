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

// pollEvery is how often a Watch reads the status. It must poll, because a result
// that becomes stale changes the status without an event.
const pollEvery = time.Second

// HealthServer implements the methods Check, List and Watch of grpc.health.v1. It
// reports the last results of the checks of a System, and runs no check. Make it
// with NewHealthServer. It is safe for concurrent use.
type HealthServer struct {
	pb.UnimplementedHealthServer
	system   *api.System
	services map[string]string
}

// NewHealthServer returns a server for the checks of a System. Each group of checks
// is a service of the same name, and "" is the group "ready". services maps further
// services to groups: {"orders.v1.Orders": "storage"}. It may be nil.
//
// A service is SERVING while its group is Healthy or Degraded. Otherwise it is
// NOT_SERVING: until every check of the group has its first result, and once Drain
// or Shutdown has begun. The groups "live" and "ready" always exist. A service in
// services is NOT_SERVING if its group has no checks, because the name of the group
// may be mistyped.
func NewHealthServer(system *api.System, services map[string]string) *HealthServer {
	all := map[string]string{"": "ready"}
	maps.Copy(all, services)
	return &HealthServer{system: system, services: all}
}

// Check returns the status of a service, or NOT_FOUND if there is no such service.
func (s *HealthServer) Check(_ context.Context, in *pb.HealthCheckRequest) (*pb.HealthCheckResponse, error) {
	current := s.status(in.GetService())
	if current == pb.HealthCheckResponse_SERVICE_UNKNOWN {
		return nil, status.Errorf(codes.NotFound, "unknown service %q", in.GetService())
	}
	return &pb.HealthCheckResponse{Status: current}, nil
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

// Watch sends the status of a service at once, and again whenever it changes. The
// status of an unknown service is SERVICE_UNKNOWN. When Drain or Shutdown begins,
// Watch sends NOT_SERVING if the service was SERVING, and ends with UNAVAILABLE, so
// that GracefulStop can return.
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
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	draining := s.system.Health().Draining()
	sent := pb.HealthCheckResponse_ServingStatus(-1)
	for {
		if current := s.status(in.GetService()); current != sent {
			if err := stream.Send(&pb.HealthCheckResponse{Status: current}); err != nil {
				return err
			}
			sent = current
		}
		select {
		case <-draining:
			return s.end(stream, sent)
		default:
		}
		select {
		case <-changed:
		case <-poll.C:
		case <-draining:
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		}
	}
}

// end sends NOT_SERVING if the service was SERVING, and returns the error that ends
// a Watch.
func (s *HealthServer) end(stream grpc.ServerStreamingServer[pb.HealthCheckResponse], sent pb.HealthCheckResponse_ServingStatus) error {
	if sent == pb.HealthCheckResponse_SERVING {
		if err := stream.Send(&pb.HealthCheckResponse{Status: pb.HealthCheckResponse_NOT_SERVING}); err != nil {
			return err
		}
	}
	return status.Error(codes.Unavailable, "draining")
}

// status returns the current status of a service.
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
