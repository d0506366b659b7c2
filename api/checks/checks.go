// Package checks holds ready-made health checks for api.Health: TCP, HTTP,
// DNS, SQL, Disk, Heap, Goroutines and Heartbeat.
//
//	health.Register("database", api.CheckConfig{}, checks.SQL(db))
//	health.Register("payments", api.CheckConfig{}, checks.HTTP("http://payments/healthz", checks.Expect{}))
//
// They need the standard library only. A bad argument makes a check that is
// UNHEALTHY with a *api.ConfigError that names it.
package checks

import (
	"context"
	"database/sql"
	"fmt"
	"net"

	"github.com/understudy-go/understudy/api"
	"github.com/understudy-go/understudy/messages"
)

// refused is the check that a bad argument makes.
func refused(kind, field, problem string) api.Check {
	err := &api.ConfigError{Kind: "check", Name: kind, Field: field, Problem: problem}
	return func(context.Context) (api.Details, error) { return nil, err }
}

// TCP connects to an address ("db:5432") and closes the connection.
func TCP(address string) api.Check {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return refused("TCP", "address", err.Error())
	}
	return func(ctx context.Context) (api.Details, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err != nil {
			return nil, err
		}
		return api.Details{"remote": conn.RemoteAddr().String()}, conn.Close()
	}
}

// DNS looks a host name up. A name without an address is a failure.
func DNS(host string) api.Check {
	if host == "" {
		return refused("DNS", "host", messages.MustNotBeEmpty)
	}
	return func(ctx context.Context) (api.Details, error) {
		addresses, err := net.DefaultResolver.LookupHost(ctx, host)
		return api.Details{"addresses": addresses}, err
	}
}

// SQL pings a database. Details show its connections: open, in use, idle, and
// how many callers had to wait for one.
func SQL(db *sql.DB) api.Check {
	if db == nil {
		return refused("SQL", "db", messages.MustNotBeNil)
	}
	return func(ctx context.Context) (api.Details, error) {
		err := db.PingContext(ctx)
		s := db.Stats()
		return api.Details{"open": s.OpenConnections, "in_use": s.InUse, "idle": s.Idle, "waited": s.WaitCount}, err
	}
}

// limit compares what there is with what there may be.
func limit[N int | uint64](name string, is, most N) (api.Details, error) {
	details := api.Details{name: is, "limit": most}
	if is > most {
		return details, fmt.Errorf("%s is %d, above %d", name, is, most)
	}
	return details, nil
}
