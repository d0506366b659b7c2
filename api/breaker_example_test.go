package api_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

func ExampleSystem_Breaker() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)

	breaker, err := sys.Breaker("payments", understudy.BreakerConfig{FailureThreshold: 2, ResetTimeout: 40 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		err := breaker.Run(ctx, func(context.Context) error { return errors.New("connection refused") })
		fmt.Println(err, breaker.State())
	}
	err = breaker.Run(ctx, func(context.Context) error { return nil })
	var open *understudy.CircuitOpenError
	if errors.As(err, &open) {
		fmt.Printf("%s refuses, come back in %v\n", open.Name, open.RetryAfter().Round(time.Second))
	}

	_, err = sys.Breaker("mail", understudy.BreakerConfig{FailureRate: 1.5})
	fmt.Println(err)
	// Output:
	// connection refused CLOSED
	// connection refused OPEN
	// payments refuses, come back in 40s
	// breaker "mail": FailureRate: must be from 0 to 1: 1.5
}

// A failure rate opens a circuit even without consecutive failures.
func ExampleBreakerConfig() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("search", understudy.BreakerConfig{
		FailureThreshold: understudy.Off,
		Window:           understudy.CountWindow(20),
		MinimumCalls:     10,
		FailureRate:      0.5,
	})
	for i := range 10 {
		_ = breaker.Run(ctx, func(context.Context) error {
			if i%2 == 0 {
				return nil
			}
			return errors.New("503")
		})
	}
	fmt.Println(breaker.State())
	// Output: OPEN
}

// statusError is the error of an HTTP client for the status of a response.
type statusError int

func (e statusError) Error() string { return fmt.Sprintf("status %d", int(e)) }

// The mistakes of a client (4xx) show that the service works: they are a Success. As
// Ignored, they would leave a half-open circuit half-open.
func ExampleBreakerConfig_classify() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("users", understudy.BreakerConfig{
		FailureThreshold: 1,
		Classify: func(err error) understudy.Outcome {
			var status statusError
			if err == nil || errors.As(err, &status) && status < 500 {
				return understudy.Success
			}
			return understudy.Failure
		},
	})
	for _, status := range []statusError{404, 400, 503} {
		err := breaker.Run(ctx, func(context.Context) error { return status })
		fmt.Println(err, breaker.State())
	}
	// Output:
	// status 404 CLOSED
	// status 400 CLOSED
	// status 503 OPEN
}

// A stream shows with its first message that the service works. Report that then: the
// stream may last longer than a trial may.
func ExampleBreaker_Acquire() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("feed", understudy.BreakerConfig{})

	permit, err := breaker.Acquire(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer permit.Cancel() // in case of a panic; after Done it has no effect
	feed := bufio.NewScanner(strings.NewReader("one\ntwo\nthree\n"))
	more := feed.Scan()
	permit.Done(feed.Err())
	for ; more; more = feed.Scan() {
		fmt.Println(feed.Text())
	}
	stats, _ := breaker.Stats()
	fmt.Println(stats.Successes, "succeeded,", stats.Ignored, "ignored")
	// Output:
	// one
	// two
	// three
	// 1 succeeded, 0 ignored
}

// Configure changes the settings while calls run. State and counts are kept.
func ExampleBreaker_Configure() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("payments", understudy.BreakerConfig{FailureThreshold: 10})
	fail := func(context.Context) error { return errors.New("connection refused") }
	_ = breaker.Run(ctx, fail)

	cfg := breaker.Config()
	cfg.FailureThreshold = 2
	fmt.Println(breaker.Configure(cfg))
	_ = breaker.Run(ctx, fail)
	fmt.Println(breaker.State())
	// Output:
	// <nil>
	// OPEN
}

func ExampleBreaker_ForceOpen() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("payments", understudy.BreakerConfig{})

	_ = breaker.ForceOpen()
	fmt.Println(breaker.Run(ctx, func(context.Context) error { return nil }))
	_ = breaker.Reset()
	fmt.Println(breaker.Run(ctx, func(context.Context) error { return nil }))
	// Output:
	// Circuit breaker 'payments' is forced open until it is reset
	// <nil>
}

func ExampleBreaker_Stats() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("payments", understudy.BreakerConfig{})
	for range 3 {
		_ = breaker.Run(ctx, func(context.Context) error { return nil })
	}
	_ = breaker.Run(ctx, func(context.Context) error { return errors.New("connection refused") })

	stats, err := breaker.Stats()
	fmt.Println(stats.State, stats.Successes, stats.Failures, stats.ConsecutiveFailures, err)
	// Output: CLOSED 3 1 1 <nil>
}

// Shutdown delivers the pending events.
func ExampleSystem_Subscribe() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	cancel := sys.Subscribe(func(e understudy.Event) {
		switch e := e.(type) {
		case understudy.BreakerChanged:
			fmt.Printf("%s: %v -> %v (%s)\n", e.Name, e.From, e.To, e.Reason)
		case understudy.FallbackUsed:
			fmt.Printf("fallback %d, because: %v\n", e.Index, e.Cause)
		}
	})
	defer cancel()

	breaker, _ := sys.Breaker("payments", understudy.BreakerConfig{FailureThreshold: 1})
	down := func(context.Context) (string, error) { return "", errors.New("connection refused") }
	_, _ = understudy.Do(ctx, breaker, down, understudy.Value("later"))
	_ = breaker.Reset()
	_ = sys.Shutdown(ctx)
	// Output:
	// payments: CLOSED -> OPEN (1 failure)
	// fallback 1, because: connection refused
	// payments: OPEN -> CLOSED (reset)
}
