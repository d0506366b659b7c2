// Command quickstart calls a payment service that may fail: within ten seconds, in
// up to three attempts, behind a circuit breaker, and with a fallback. It is the
// program of the README.
package main

import (
	"context"
	"fmt"
	"log"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

func main() {
	if err := run(context.Background()); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	sys, err := understudy.Start(understudy.SystemConfig{Version: "3.1.0"})
	if err != nil {
		return err
	}
	defer sys.Shutdown(ctx)
	breaker, err := sys.Breaker("payments", understudy.BreakerConfig{FailureThreshold: 5})
	if err != nil {
		return err
	}
	retry, err := sys.Retry("payments", understudy.RetryConfig{MaxAttempts: 3})
	if err != nil {
		return err
	}
	guard := understudy.Compose(understudy.Timeout(10*time.Second), retry, breaker)

	receipt, err := understudy.Do(ctx, guard, charge, understudy.Value("queued for later"))
	if err != nil {
		return err
	}
	fmt.Println(receipt)
	return nil
}

// charge stands for the call of a payment service.
func charge(ctx context.Context) (string, error) { return "paid", nil }
