// Package understudygrpc connects the System of package api with gRPC: it
// serves the health protocol grpc.health.v1 from the system's checks.
//
//	pb.RegisterHealthServer(server, understudygrpc.NewHealthServer(system, nil))
//
// It is a module of its own, so that only its importers depend on
// google.golang.org/grpc.
package understudygrpc
