package api_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

// With a Probe, a health check instead of callers tests whether the dependency has
// recovered.
func ExampleBreakerConfig_probe() {
	system, _ := understudy.Start(quiet)
	defer system.Shutdown(context.Background())

	payments, err := system.Breaker("payments", understudy.BreakerConfig{
		FailureThreshold: 1,
		ResetTimeout:     10 * time.Millisecond,
		Probe:            "payments",
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	ping := func(context.Context) error { return nil } // for example a request to the service's /health
	if err := system.Health().Register("payments", understudy.CheckConfig{}, understudy.Ping(ping)); err != nil {
		fmt.Println(err)
		return
	}

	recovered := make(chan struct{})
	system.Subscribe(func(e understudy.Event) {
		if e, ok := e.(understudy.BreakerChanged); ok {
			fmt.Printf("%v: %s\n", e.To, e.Reason)
			if e.To == understudy.Closed {
				close(recovered)
			}
		}
	})
	_ = payments.Run(context.Background(), func(context.Context) error { return errors.New("connection refused") })
	<-recovered // without any call

	// Output:
	// OPEN: 1 failure
	// HALF_OPEN: reset timeout is over
	// CLOSED: service recovered
}

// ShowBreakers shows all breakers in /health, including those that are made later.
func ExampleSystem_ShowBreakers() {
	system, _ := understudy.Start(quiet)
	defer system.Shutdown(context.Background())

	payments, err := system.Breaker("payments", understudy.BreakerConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := payments.ForceOpen(); err != nil {
		fmt.Println(err)
		return
	}
	if err := system.ShowBreakers(understudy.ShowBreakersConfig{}); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := system.Breaker("reviews", understudy.BreakerConfig{}); err != nil {
		fmt.Println(err)
		return
	}
	all := system.Health().Snapshot("circuits")
	fmt.Println(all.Status)
	for _, c := range all.Checks {
		fmt.Println(c.Name, c.Status, c.Message)
	}

	// Output:
	// DEGRADED
	// circuit:payments DEGRADED OPEN: forced open
	// circuit:reviews HEALTHY
}
