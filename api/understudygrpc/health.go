package understudygrpc

import (
	"context"
	"iter"
	"maps"
	"slices"

	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/understudy-go/understudy/api"
)

// What a client may ask for.
const (
	maxName    = 255    // bytes of the name of a service that is repeated in an error
	maxListed  = 1_000  // services in the answer of List
	maxStreams = 10_000 // open streams of Watch
)

// HealthServer implements the methods Check, List and Watch of grpc.health.v1. It
// reports the last results of the checks of a System, and runs no check. Make it
// with NewHealthServer. It is safe for concurrent use.
type HealthServer struct {
	pb.UnimplementedHealthServer
	system   *api.System
	services map[string]string
	watches  watches
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
	service := in.GetService()
	current := s.status(s.system.Health().Groups(), service)
	switch {
	case current != pb.HealthCheckResponse_SERVICE_UNKNOWN:
		return &pb.HealthCheckResponse{Status: current}, nil
	case len(service) > maxName:
		return nil, status.Error(codes.NotFound, "unknown service")
	}
	return nil, status.Errorf(codes.NotFound, "unknown service %q", service)
}

// List returns the status of every service, or RESOURCE_EXHAUSTED if there are more
// than 1,000.
func (s *HealthServer) List(context.Context, *pb.HealthListRequest) (*pb.HealthListResponse, error) {
	groups := s.system.Health().Groups()
	if len(groups) > maxListed {
		return nil, errTooManyServices
	}
	list := &pb.HealthListResponse{Statuses: map[string]*pb.HealthCheckResponse{}}
	for _, services := range []iter.Seq[string]{slices.Values(groups), maps.Keys(s.services)} {
		for service := range services {
			list.Statuses[service] = &pb.HealthCheckResponse{Status: s.status(groups, service)}
		}
	}
	if len(list.Statuses) > maxListed {
		return nil, errTooManyServices
	}
	return list, nil
}

var errTooManyServices = status.Errorf(codes.ResourceExhausted, "there are more than %d services", maxListed)

// status returns the current status of a service. The groups are those of the
// System, sorted.
func (s *HealthServer) status(groups []string, service string) pb.HealthCheckResponse_ServingStatus {
	group, named := s.services[service]
	if !named {
		group = service
	}
	switch _, known := slices.BinarySearch(groups, group); {
	case !known && named:
		return pb.HealthCheckResponse_NOT_SERVING
	case !known:
		return pb.HealthCheckResponse_SERVICE_UNKNOWN
	}
	health := s.system.Health()
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
