package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

// quiet discards the log, so that it is not in the output of the examples.
var quiet = understudy.SystemConfig{Logger: slog.New(slog.DiscardHandler)}

func ExampleSystem_Retry() {
	sys, err := understudy.Start(quiet)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sys.Shutdown(context.Background())

	retry, err := sys.Retry("catalog", understudy.RetryConfig{MaxAttempts: 4, InitialDelay: time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = retry.Run(context.Background(), func(ctx context.Context) error {
		if understudy.Attempt(ctx) < 3 {
			return errors.New("connection reset")
		}
		fmt.Println("answered at attempt", understudy.Attempt(ctx))
		return nil
	})
	fmt.Println("error:", err)
	// Output:
	// answered at attempt 3
	// error: <nil>
}

func ExampleRetryError() {
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(context.Background())
	retry, _ := sys.Retry("catalog", understudy.RetryConfig{MaxAttempts: 2, InitialDelay: time.Millisecond})

	reset := errors.New("connection reset")
	err := retry.Run(context.Background(), func(context.Context) error { return reset })
	fmt.Println(err)

	var gaveUp *understudy.RetryError
	if errors.As(err, &gaveUp) {
		fmt.Println(gaveUp.Reason, gaveUp.Attempts)
	}
	fmt.Println(errors.Is(err, understudy.ErrExhausted), errors.Is(err, reset))
	// Output:
	// Retry 'catalog' gave up after 2 attempts: connection reset
	// attempts 2
	// true true
}

func ExamplePermanent() {
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(context.Background())
	retry, _ := sys.Retry("catalog", understudy.RetryConfig{})

	err := retry.Run(context.Background(), func(ctx context.Context) error {
		fmt.Println("attempt", understudy.Attempt(ctx))
		return understudy.Permanent(errors.New("no such product"))
	})
	fmt.Println(err)
	// Output:
	// attempt 1
	// no such product
}

func ExampleRetryAfter() {
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(context.Background())
	retry, _ := sys.Retry("catalog", understudy.RetryConfig{
		InitialDelay: time.Millisecond,
		OnRetry: func(err error, attempt int, delay time.Duration) {
			fmt.Printf("attempt %d: %v; again in %v\n", attempt, err, delay)
		},
	})

	err := retry.Run(context.Background(), func(ctx context.Context) error {
		if understudy.Attempt(ctx) == 1 {
			return understudy.RetryAfter(errors.New("503 Service Unavailable"), 20*time.Millisecond)
		}
		return nil
	})
	fmt.Println("error:", err)
	// Output:
	// attempt 1: 503 Service Unavailable; again in 20ms
	// error: <nil>
}

func ExampleRetryBudget() {
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(context.Background())
	// One retry per ten calls: retries do not make an outage worse.
	retry, _ := sys.Retry("catalog", understudy.RetryConfig{
		InitialDelay: time.Millisecond,
		Budget:       &understudy.RetryBudget{Ratio: 0.1},
	})

	attempts := 0
	for range 20 {
		_ = retry.Run(context.Background(), func(context.Context) error {
			attempts++
			return errors.New("connection refused")
		})
	}
	stats, _ := retry.Stats()
	fmt.Println(stats.Calls, "calls,", attempts, "attempts,", stats.Retries, "retries,", stats.Throttled+stats.Exhausted, "given up")
	// Output:
	// 20 calls, 22 attempts, 2 retries, 20 given up
}

func ExampleRetry_Configure() {
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(context.Background())
	retry, _ := sys.Retry("catalog", understudy.RetryConfig{})
	fmt.Println(retry.Config().MaxAttempts, retry.Config().Jitter)

	fmt.Println(retry.Configure(understudy.RetryConfig{MaxAttempts: 5, Jitter: understudy.JitterFull}))
	fmt.Println(retry.Config().MaxAttempts, retry.Config().Jitter)

	fmt.Println(retry.Configure(understudy.RetryConfig{BackoffFactor: 0.5}))
	// Output:
	// 3 proportional
	// <nil>
	// 5 full
	// retry "catalog": BackoffFactor: must be a finite number of at least 1: 0.5
}
