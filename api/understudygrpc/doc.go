// Package understudygrpc connects the System of package api with gRPC. It serves
// the health protocol grpc.health.v1 from the checks of the System.
//
//	pb.RegisterHealthServer(server, understudygrpc.NewHealthServer(system, nil))
//
// The package is a separate module, so that only its importers depend on
// google.golang.org/grpc.
package understudygrpc
