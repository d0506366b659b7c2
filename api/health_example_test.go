package api_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"time"

	"github.com/understudy-go/understudy/api"
)

// healthSystem is a System whose log goes nowhere.
func healthSystem() *api.System {
	system, err := api.Start(api.SystemConfig{Version: "3.1.0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		panic(err)
	}
	return system
}

func ExampleHealth() {
	system := healthSystem()
	defer system.Shutdown(context.Background())
	health := system.Health()

	database := func(ctx context.Context) error { return nil } // (*sql.DB).PingContext, say
	cache := func(ctx context.Context) (api.Details, error) {
		return api.Details{"memory_mb": 512}, api.Degrade("memory is almost full")
	}
	err := errors.Join(
		health.Register("database", api.CheckConfig{Timeout: 5 * time.Second}, api.Ping(database)),
		health.Register("cache", api.CheckConfig{Timeout: 2 * time.Second, Optional: true}, cache),
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

	ping := api.Ping(func(context.Context) error { return nil })
	_ = health.Register("database", api.CheckConfig{}, ping) // in group "ready"
	_ = health.Register("deadlock", api.CheckConfig{Groups: []string{"live"}}, ping)
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
	_ = health.Register("database", api.CheckConfig{}, api.Bool(func(context.Context) bool { return false }))
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

func ExampleStatus() {
	text, _ := json.Marshal(api.Degraded)
	fmt.Println(api.Degraded, string(text))
	// Output: DEGRADED "degraded"
}
