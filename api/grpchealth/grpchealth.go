// Package grpchealth serves grpc.health.v1 from the checks of an api.System.
// It is a module of its own, so that only who imports it gets gRPC.
//
//	grpc_health_v1.RegisterHealthServer(server, grpchealth.New(system, nil))
package grpchealth

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

// pollEvery is how often a Watch looks again for what comes without an event:
// a result that became stale.
const pollEvery = time.Second

// Server answers Check, List and Watch. It runs no check. Make it with New.
type Server struct {
	pb.UnimplementedHealthServer
	system   *api.System
	services map[string]string
}

// New returns a server for the checks of a system. Each group of checks is a
// service of the same name, and "" is the group "ready"; services names more:
// {"orders.v1.Orders": "storage"}. It may be nil.
//
// HEALTHY and DEGRADED are SERVING; all else is NOT_SERVING, so it is until
// every check of the group has its first result, and after Drain or Shutdown
// began. A service whose group no check is in is NOT_SERVING, too: its name may
// be a slip of the pen. The groups "live" and "ready" are always there.
func New(system *api.System, services map[string]string) *Server {
	all := map[string]string{"": "ready"}
	maps.Copy(all, services)
	return &Server{system: system, services: all}
}

// Check returns the status of a service, or NOT_FOUND.
func (s *Server) Check(_ context.Context, in *pb.HealthCheckRequest) (*pb.HealthCheckResponse, error) {
	now := s.status(in.GetService())
	if now == pb.HealthCheckResponse_SERVICE_UNKNOWN {
		return nil, status.Errorf(codes.NotFound, "unknown service %q", in.GetService())
	}
	return &pb.HealthCheckResponse{Status: now}, nil
}

// List returns the status of every service.
func (s *Server) List(context.Context, *pb.HealthListRequest) (*pb.HealthListResponse, error) {
	list := &pb.HealthListResponse{Statuses: map[string]*pb.HealthCheckResponse{}}
	for _, group := range s.system.Health().Groups() {
		list.Statuses[group] = &pb.HealthCheckResponse{Status: s.status(group)}
	}
	for service := range s.services {
		list.Statuses[service] = &pb.HealthCheckResponse{Status: s.status(service)}
	}
	return list, nil
}

// Watch sends the status of a service now and whenever it changes. A service
// that is unknown is SERVICE_UNKNOWN until there is one. Drain and Shutdown
// end it, after a last NOT_SERVING, so that GracefulStop can return.
func (s *Server) Watch(in *pb.HealthCheckRequest, stream grpc.ServerStreamingServer[pb.HealthCheckResponse]) error {
	changed := make(chan struct{}, 1)
	cancel := s.system.Subscribe(func(e api.Event) {
		if _, ok := e.(api.CheckChanged); ok {
			select {
			case changed <- struct{}{}:
			default: // it will look anyway
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

// end says a last word to who watches a service that will not serve again.
func (s *Server) end(stream grpc.ServerStreamingServer[pb.HealthCheckResponse], sent pb.HealthCheckResponse_ServingStatus) error {
	if sent == pb.HealthCheckResponse_SERVING {
		if err := stream.Send(&pb.HealthCheckResponse{Status: pb.HealthCheckResponse_NOT_SERVING}); err != nil {
			return err
		}
	}
	return status.Error(codes.Unavailable, "draining")
}

// status returns how a service stands.
func (s *Server) status(service string) pb.HealthCheckResponse_ServingStatus {
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
