// Package checks provides health checks for the Health of package api: TCP, HTTP,
// DNS, SQL, Disk, Heap, Goroutines and Heartbeat.
//
//	health.Register("database", understudy.CheckConfig{}, checks.SQL(db))
//	health.Register("payments", understudy.CheckConfig{}, checks.HTTP("http://payments/healthz", checks.Expect{}))
//
// They use only the standard library. A check that is made with an invalid argument
// is UNHEALTHY; its error is a *understudy.ConfigError that names the argument. All
// checks are safe for concurrent use.
package checks

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/messages"
)

// invalid returns the check for an invalid argument: it always fails.
func invalid(name, argument, problem string) api.Check {
	err := &api.ConfigError{Kind: "check", Name: name, Field: argument, Problem: problem}
	return func(context.Context) (api.Details, error) { return nil, err }
}

// notInHosts are characters of URLs that no host has.
const notInHosts = "/@?#"

// TCP returns a check that connects to an address ("db:5432") and closes the
// connection. The port is a number or the name of a service. Its details have the
// remote address.
func TCP(address string) api.Check {
	_, port, err := net.SplitHostPort(address)
	if err == nil {
		_, err = net.LookupPort("tcp", port)
	}
	if err != nil || port == "" || strings.ContainsAny(address, notInHosts) {
		return invalid("TCP", "address", "must be a host and a port") // the address may hold a password, so it is not shown
	}
	return func(ctx context.Context) (api.Details, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		return api.Details{"remote": conn.RemoteAddr().String()}, conn.Close()
	}
}

// DNS returns a check that looks up the addresses of a host. It fails if there are
// none. Its details list them.
func DNS(host string) api.Check {
	_, notAddress := netip.ParseAddr(host)
	switch {
	case host == "":
		return invalid("DNS", "host", messages.MustNotBeEmpty)
	case strings.ContainsAny(host, notInHosts), strings.Contains(host, ":") && notAddress != nil:
		return invalid("DNS", "host", "must be a host, without scheme, user and port") // it may hold a password, so it is not shown
	}
	return func(ctx context.Context) (api.Details, error) {
		addresses, err := net.DefaultResolver.LookupHost(ctx, host)
		return api.Details{"addresses": addresses}, err
	}
}

// SQL returns a check that pings a database. Its details count the connections that
// are open, in use and idle, and how often a caller had to wait for one.
func SQL(db *sql.DB) api.Check {
	if db == nil {
		return invalid("SQL", "db", messages.MustNotBeNil)
	}
	return func(ctx context.Context) (api.Details, error) {
		err := db.PingContext(ctx)
		s := db.Stats()
		return api.Details{"open": s.OpenConnections, "in_use": s.InUse, "idle": s.Idle, "waited": s.WaitCount}, err
	}
}

// compare returns the result of a check of a value that must not exceed a limit.
func compare[N int | uint64](name string, value, limit N) (api.Details, error) {
	details := api.Details{name: value, "limit": limit}
	if value > limit {
		return details, fmt.Errorf("%s is %d, above %d", name, value, limit)
	}
	return details, nil
}
