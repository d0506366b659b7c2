package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

// healthSystem returns a System that discards its log.
func healthSystem() *understudy.System {
	system, err := understudy.Start(understudy.SystemConfig{Version: "3.1.0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	return system
}

func ExampleHealth() {
	system := healthSystem()
	defer system.Shutdown(context.Background())
	health := system.Health()

	database := func(ctx context.Context) error { return nil } // for example (*sql.DB).PingContext
	cache := func(ctx context.Context) (understudy.Details, error) {
		return understudy.Details{"memory_mb": 512}, understudy.Degrade("memory is almost full")
	}
	err := errors.Join(
		health.Register("database", understudy.CheckConfig{Timeout: 5 * time.Second}, understudy.Ping(database)),
		health.Register("cache", understudy.CheckConfig{Timeout: 2 * time.Second, Optional: true}, cache),
	)
	if err != nil {
		fmt.Println(err)
	}

	report := health.RunAll(context.Background())
	fmt.Println(report.Status)
	for _, check := range report.Checks {
		fmt.Println(check.Name, check.Status, check.Message)
	}
	// Output:
	// DEGRADED
	// cache DEGRADED memory is almost full
	// database HEALTHY
}

func ExampleHealth_Snapshot() {
	system := healthSystem()
	defer system.Shutdown(context.Background())
	health := system.Health()

	ping := understudy.Ping(func(context.Context) error { return nil })
	_ = health.Register("database", understudy.CheckConfig{}, ping) // in group "ready"
	_ = health.Register("deadlock", understudy.CheckConfig{Groups: []string{"live"}}, ping)
	health.RunAll(context.Background())

	for _, check := range health.Snapshot("live").Checks {
		fmt.Println(check.Name, check.Status)
	}
	// Output: deadlock HEALTHY
}

func ExampleHealth_Handler() {
	system := healthSystem()
	defer system.Shutdown(context.Background())
	health := system.Health()
	_ = health.Register("database", understudy.CheckConfig{}, understudy.Bool(func(context.Context) bool { return false }))
	health.RunAll(context.Background())

	// http.Handle("/", health.Handler())
	for _, path := range []string{"/livez", "/readyz", "/health"} {
		w := httptest.NewRecorder()
		health.Handler().ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		fmt.Println(path, w.Code)
	}
	// Output:
	// /livez 200
	// /readyz 503
	// /health 503
}

// What an operator sees with curl.
func ExampleHealth_HandlerWith() {
	system := healthSystem()
	defer system.Shutdown(context.Background())
	health := system.Health()

	refused := func(context.Context) error { return errors.New("dial db-3: connection refused") }
	_ = health.Register("database", understudy.CheckConfig{}, understudy.Ping(refused))
	_ = health.Register("orders", understudy.CheckConfig{DependsOn: []string{"database"}}, understudy.Ping(func(context.Context) error { return nil }))
	_ = health.Register("queue", understudy.CheckConfig{}, understudy.Ping(func(context.Context) error { return nil }))
	health.RunAll(context.Background())

	handler, err := health.HandlerWith(understudy.HandlerConfig{
		Authorize: func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer operator" },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	curl := func(path, token string) {
		r, _ := http.NewRequest("GET", server.URL+path, nil)
		r.Header.Set("Authorization", token)
		resp, err := server.Client().Do(r)
		if err != nil {
			fmt.Println(err)
			return
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		fmt.Printf("$ curl %s # %d\n%s\n", path, resp.StatusCode, bytes.TrimSpace(body))
	}
	curl("/livez", "")
	curl("/readyz", "")
	curl("/readyz/database", "Bearer operator")
	curl("/readyz?verbose&exclude=database&exclude=orders", "")
	// Output:
	// $ curl /livez # 200
	// ok
	// $ curl /readyz # 503
	// root cause: database
	// [-]database failed: reason withheld
	// [-]orders failed: blocked by database
	// [+]queue ok
	// readyz check failed
	// $ curl /readyz/database # 503
	// [-]database failed: dial db-3: connection refused
	// readyz check failed
	// $ curl /readyz?verbose&exclude=database&exclude=orders # 200
	// [+]queue ok
	// readyz check passed
}

func ExampleStatus() {
	text, _ := json.Marshal(understudy.Degraded)
	fmt.Println(understudy.Degraded, string(text))
	// Output: DEGRADED "degraded"
}
