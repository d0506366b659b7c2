package understudygrpc

import (
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	pb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/understudy-go/understudy/api"
)

// pollEvery is how often the status of a watched service is read. It must be polled,
// because a result that becomes stale changes the status without an event.
const pollEvery = time.Second

// watches are the open streams of a server. While there are any, one goroutine
// follows the System for all of them.
type watches struct {
	mu       sync.Mutex
	streams  int
	services map[string]*watched
	stop     chan struct{} // closed when the last stream ends
}

// watched is a service that has streams. watches.mu guards it.
type watched struct {
	streams int
	status  pb.HealthCheckResponse_ServingStatus
	changed chan struct{} // closed when status changes
}

// Watch sends the status of a service at once, and again whenever it changes. The
// status of an unknown service is SERVICE_UNKNOWN. When Drain or Shutdown begins,
// Watch sends NOT_SERVING if the service was SERVING, and ends with UNAVAILABLE, so
// that GracefulStop can return. While 10,000 streams are open, a further one ends with
// RESOURCE_EXHAUSTED.
func (s *HealthServer) Watch(in *pb.HealthCheckRequest, stream grpc.ServerStreamingServer[pb.HealthCheckResponse]) error {
	service := in.GetService()
	if _, named := s.services[service]; !named && len(service) > maxName {
		service = "\xff" // no group has so long a name, nor this one: it is not kept
	}
	w, err := s.join(service)
	if err != nil {
		return err
	}
	defer s.leave(service, w)
	draining := s.system.Health().Draining()
	sent := pb.HealthCheckResponse_ServingStatus(-1)
	for {
		current, changed := s.read(w)
		if current != sent {
			if err := stream.Send(&pb.HealthCheckResponse{Status: current}); err != nil {
				return err
			}
			sent = current
		}
		select {
		case <-draining:
			return end(stream, sent)
		default:
		}
		select {
		case <-changed:
		case <-draining:
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		}
	}
}

// end sends NOT_SERVING if the service was SERVING, and returns the error that ends
// a Watch.
func end(stream grpc.ServerStreamingServer[pb.HealthCheckResponse], sent pb.HealthCheckResponse_ServingStatus) error {
	if sent == pb.HealthCheckResponse_SERVING {
		if err := stream.Send(&pb.HealthCheckResponse{Status: pb.HealthCheckResponse_NOT_SERVING}); err != nil {
			return err
		}
	}
	return status.Error(codes.Unavailable, "draining")
}

// join adds a stream of a service.
func (s *HealthServer) join(service string) (*watched, error) {
	groups := s.system.Health().Groups()
	all := &s.watches
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.streams == maxStreams {
		return nil, status.Errorf(codes.ResourceExhausted, "there are %d streams", maxStreams)
	}
	if all.streams++; all.streams == 1 {
		all.services, all.stop = map[string]*watched{}, make(chan struct{})
		go s.follow(all.stop) // ends with the last stream
	}
	w := all.services[service]
	if w == nil {
		w = &watched{status: s.status(groups, service), changed: make(chan struct{})}
		all.services[service] = w
	}
	w.streams++
	return w, nil
}

// leave removes a stream of a service.
func (s *HealthServer) leave(service string, w *watched) {
	all := &s.watches
	all.mu.Lock()
	defer all.mu.Unlock()
	if w.streams--; w.streams == 0 {
		delete(all.services, service)
	}
	if all.streams--; all.streams == 0 {
		close(all.stop)
	}
}

// read returns the status of a service, and a channel that is closed when it changes.
func (s *HealthServer) read(w *watched) (pb.HealthCheckResponse_ServingStatus, <-chan struct{}) {
	s.watches.mu.Lock()
	defer s.watches.mu.Unlock()
	return w.status, w.changed
}

// follow refreshes the watched services when a check changes, and every pollEvery.
func (s *HealthServer) follow(stop <-chan struct{}) {
	changed := make(chan struct{}, 1)
	changed <- struct{}{} // what changed before Subscribe
	defer s.system.SubscribeTo(func(api.Event) {
		select {
		case changed <- struct{}{}:
		default: // a change is pending already
		}
	}, api.CheckChanged{})()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for {
		select {
		case <-changed:
		case <-poll.C:
		case <-stop:
			return
		}
		s.refresh()
	}
}

// refresh reads the status of each watched service, and wakes the streams of those
// whose status has changed.
func (s *HealthServer) refresh() {
	groups := s.system.Health().Groups()
	s.watches.mu.Lock()
	defer s.watches.mu.Unlock()
	for service, w := range s.watches.services {
		if current := s.status(groups, service); current != w.status {
			close(w.changed)
			w.status, w.changed = current, make(chan struct{})
		}
	}
}
