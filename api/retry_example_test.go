package api_test

import (
	"context"
	"database/sql"
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

// A Classify that a breaker and a retry share: the two agree on what a failure is.
func ExampleRetryConfig_classify() {
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(context.Background())
	outcome := func(err error) understudy.Outcome {
		if err == nil || errors.Is(err, sql.ErrNoRows) {
			return understudy.Success // the database answered
		}
		return understudy.Failure
	}
	breaker, _ := sys.Breaker("orders", understudy.BreakerConfig{Classify: outcome})
	retry, _ := sys.Retry("orders", understudy.RetryConfig{Classify: outcome})

	attempts := 0
	err := understudy.Run(context.Background(), understudy.Compose(retry, breaker), func(context.Context) error {
		attempts++
		return sql.ErrNoRows
	})
	stats, _ := breaker.Stats()
	fmt.Println(err, "after", attempts, "attempt;", stats.Successes, "success")
	// Output:
	// sql: no rows in result set after 1 attempt; 1 success
}

// A Retryable that lets refusals be retried: the retry waits for the circuit.
func ExampleRetryConfig_waitForTheCircuit() {
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(context.Background())
	breaker, _ := sys.Breaker("mail", understudy.BreakerConfig{FailureThreshold: 1, ResetTimeout: 20 * time.Millisecond})
	retry, _ := sys.Retry("mail", understudy.RetryConfig{
		MaxAttempts:  understudy.Unlimited, // until ctx ends
		InitialDelay: time.Millisecond,
		Jitter:       understudy.JitterUpTo(time.Millisecond),
		Retryable:    func(err error) bool { return !errors.Is(err, context.Canceled) },
	})

	down := true
	err := understudy.Run(context.Background(), understudy.Compose(retry, breaker), func(context.Context) error {
		if down {
			down = false
			return errors.New("connection refused")
		}
		fmt.Println("sent, by a trial of the circuit:", breaker.State())
		return nil
	})
	fmt.Println("error:", err)
	// Output:
	// sent, by a trial of the circuit: HALF_OPEN
	// error: <nil>
}

// A Backoff of one's own: every second, whatever happens.
func ExampleRetryConfig_backoff() {
	everySecond := understudy.RetryConfig{
		Jitter:  understudy.JitterNone,
		Backoff: func(attempt int, err error) time.Duration { return time.Second },
	}
	fmt.Println(everySecond.Delay(1), everySecond.Delay(9))
	// Output: 1s 1s
}

// Jitters with a number.
func ExampleJitterBy() {
	tenth := understudy.RetryConfig{InitialDelay: time.Second, Jitter: understudy.JitterBy(0.1)}
	delay := tenth.Delay(1)
	fmt.Println(tenth.Jitter, 900*time.Millisecond <= delay && delay <= 1100*time.Millisecond)

	onTop := understudy.RetryConfig{InitialDelay: time.Second, Jitter: understudy.JitterUpTo(time.Minute)}
	delay = onTop.Delay(1)
	fmt.Println(onTop.Jitter, time.Second <= delay && delay <= 60*time.Second) // MaxDelay is 60 s
	// Output:
	// by 0.1 true
	// up to 1m0s true
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
