package api_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

var errBusy = errors.New("too many calls at once")

// atMost admits that many calls at once, and refuses all others.
func atMost(calls int) understudy.Around {
	slots := make(chan struct{}, calls)
	return func(ctx context.Context, next func(context.Context) error) error {
		select {
		case slots <- struct{}{}:
		default:
			return understudy.Ignore(errBusy) // says nothing about the dependency
		}
		defer func() { <-slots }()
		return next(ctx)
	}
}

// A policy of one's own stands in a composition like any other.
func ExampleAround() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("reports", understudy.BreakerConfig{FailureThreshold: 1})
	guard := understudy.Compose(breaker, atMost(1))

	report := func(context.Context) error { return nil }
	err := understudy.Run(ctx, guard, func(ctx context.Context) error {
		fmt.Println("meanwhile:", understudy.Run(ctx, guard, report))
		return report(ctx)
	})
	fmt.Println("error:", err, breaker.State())
	// Output:
	// meanwhile: too many calls at once
	// error: <nil> CLOSED
}

// A Switch holds the policy of a client whose settings change at run time.
func ExampleSwitch() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	retry, _ := sys.Retry("catalog", understudy.RetryConfig{MaxAttempts: 2, InitialDelay: time.Millisecond})
	guard := understudy.NewSwitch(retry)

	attempts := 0
	fail := func(context.Context) error { attempts++; return errors.New("connection refused") }
	_ = understudy.Run(ctx, guard, fail)
	guard.Set(nil) // an operator turns retries off
	_ = understudy.Run(ctx, guard, fail)
	fmt.Println(attempts, "attempts")
	// Output: 3 attempts
}

// A policy that others have composed, for a function that honours its ctx.
func ExampleCooperative() {
	guard := understudy.Compose(understudy.Timeout(10 * time.Millisecond))
	answer := func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "what there is until now", nil
	}
	fmt.Println(understudy.Do(context.Background(), guard, answer))
	fmt.Println(understudy.Do(context.Background(), understudy.Cooperative(guard), answer))
	// Output:
	//  Operation 'operation' timed out after 10ms
	// what there is until now <nil>
}
