package api_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

// A call to a payment service that is down is retried, refused once the circuit is
// open, and answered by a fallback.
func Example() {
	ctx := context.Background()
	sys, err := understudy.Start(quiet)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer sys.Shutdown(ctx)

	breaker, _ := sys.Breaker("payments", understudy.BreakerConfig{FailureThreshold: 2})
	retry, _ := sys.Retry("payments", understudy.RetryConfig{MaxAttempts: 5, InitialDelay: time.Millisecond})
	guard := understudy.Compose(understudy.Timeout(10*time.Second), retry, breaker)

	receipt, err := understudy.Do(ctx, guard, func(context.Context) (string, error) {
		fmt.Println("calling payments")
		return "", errors.New("connection refused")
	}, understudy.Value("queued for later"))
	fmt.Println(receipt, err, breaker.State())
	// Output:
	// calling payments
	// calling payments
	// queued for later <nil> OPEN
}

// The outermost policy comes first. A Timeout outside the Retry bounds the whole
// call, including the waits between attempts; a Timeout inside bounds each attempt.
func ExampleCompose() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("catalog", understudy.BreakerConfig{})
	retry, _ := sys.Retry("catalog", understudy.RetryConfig{MaxAttempts: 3, InitialDelay: time.Millisecond})

	limit := understudy.TimeoutConfig{Limit: 20 * time.Millisecond, Operation: "lookup", Cooperative: true}
	whole := understudy.Compose(limit, retry, breaker)
	each := understudy.Compose(retry, breaker, limit)

	attempts := 0
	hang := func(ctx context.Context) error {
		attempts++
		<-ctx.Done()
		return ctx.Err()
	}
	err := understudy.Run(ctx, whole, hang)
	fmt.Println(attempts, "attempt, timed out:", errors.Is(err, understudy.ErrTimeout))

	attempts = 0
	err = understudy.Run(ctx, each, hang)
	fmt.Println(attempts, "attempts:", err)
	// Output:
	// 1 attempt, timed out: true
	// 3 attempts: Retry 'catalog' gave up after 3 attempts: Operation 'lookup' timed out after 20ms
}

// Fallbacks are tried in order until one succeeds.
func ExampleDo() {
	live := func(context.Context) (string, error) { return "", errors.New("live: connection reset") }
	cached := func(context.Context) (string, error) { return "", errors.New("cache: empty") }

	price, err := understudy.Do(context.Background(), nil, live, cached, understudy.Value("price on request"))
	fmt.Println(price, err)

	_, err = understudy.Do(context.Background(), nil, live, cached)
	fmt.Println(err)
	// Output:
	// price on request <nil>
	// all 2 alternatives failed: live: connection reset; cache: empty
}

func ExampleRun() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("mail", understudy.BreakerConfig{})

	err := understudy.Run(ctx, breaker, func(context.Context) error { return errors.New("mailbox full") },
		func(ctx context.Context) error {
			fmt.Println("kept for later:", understudy.Cause(ctx))
			return nil
		})
	fmt.Println(err)
	// Output:
	// kept for later: mailbox full
	// <nil>
}

// Wrap decorates a function once, where it is defined.
func ExampleWrap() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("clock", understudy.BreakerConfig{})

	now := understudy.Wrap(breaker, func(context.Context) (string, error) { return "noon", nil })
	fmt.Println(now(ctx))
	// Output: noon <nil>
}

// Wrap1 decorates a function of one argument. The fallbacks receive the argument too.
func ExampleWrap1() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("users", understudy.BreakerConfig{})

	lookup := understudy.Wrap1(breaker,
		func(_ context.Context, id int) (string, error) {
			if id != 1 {
				return "", errors.New("connection reset")
			}
			return "live", nil
		},
		func(_ context.Context, id int) (string, error) { return fmt.Sprintf("user %d", id), nil },
	)
	fmt.Println(lookup(ctx, 1))
	fmt.Println(lookup(ctx, 2))
	// Output:
	// live <nil>
	// user 2 <nil>
}

// In a fallback, Cause returns the errors so far.
func ExampleCause() {
	live := func(context.Context) (int, error) { return 0, errors.New("connection reset") }
	stock, err := understudy.Do(context.Background(), nil, live, func(ctx context.Context) (int, error) {
		fmt.Println("estimating, because of:", understudy.Cause(ctx))
		return 3, nil
	})
	fmt.Println(stock, err)
	// Output:
	// estimating, because of: connection reset
	// 3 <nil>
}

func ExampleWhenOpen() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("reviews", understudy.BreakerConfig{FailureThreshold: 1})

	reviews := understudy.Wrap(breaker,
		func(context.Context) (string, error) { return "", errors.New("503") },
		understudy.WhenOpen(func(context.Context) (string, error) { return "reviews are resting", nil }))
	for range 2 {
		text, err := reviews(ctx)
		fmt.Printf("%q %v\n", text, err)
	}
	// Output:
	// "" 503
	// "reviews are resting" <nil>
}

func ExampleWhenTimeout() {
	slow := func(ctx context.Context) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}
	text, err := understudy.WithTimeout(context.Background(), time.Millisecond, slow,
		understudy.WhenTimeout(func(context.Context) (string, error) { return "too slow today", nil }))
	fmt.Println(text, err)
	// Output: too slow today <nil>
}

func ExampleWhen() {
	errNotFound := errors.New("not found")
	isNotFound := func(err error) bool { return errors.Is(err, errNotFound) }

	find := func(context.Context) (string, error) { return "", fmt.Errorf("user 7: %w", errNotFound) }
	name, err := understudy.Do(context.Background(), nil, find, understudy.When(isNotFound, understudy.Value("somebody")))
	fmt.Println(name, err)
	// Output: somebody <nil>
}

// WithTimeout returns at the limit even if the function ignores its context.
func ExampleWithTimeout() {
	returned := make(chan struct{})
	_, err := understudy.WithTimeout(context.Background(), 10*time.Millisecond, func(ctx context.Context) (string, error) {
		defer close(returned)
		<-ctx.Done()
		return "", ctx.Err()
	})
	fmt.Println(err)
	fmt.Println(errors.Is(err, understudy.ErrTimeout), errors.Is(err, context.DeadlineExceeded))
	<-returned
	// Output:
	// Operation 'operation' timed out after 10ms
	// true true
}

// A Cooperative Timeout uses no goroutine: the function honours its context.
func ExampleTimeoutConfig() {
	lookup := understudy.TimeoutConfig{Limit: 10 * time.Millisecond, Operation: "lookup", Cooperative: true}
	err := understudy.Run(context.Background(), lookup, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	fmt.Println(err)
	// Output: Operation 'lookup' timed out after 10ms
}

// A Fallback is a chain of sources: primary, backup, cache, default.
func ExampleNewFallback() {
	down := func(source string) understudy.Func[string] {
		return func(context.Context) (string, error) {
			fmt.Println("trying", source)
			return "", errors.New(source + " is down")
		}
	}
	source := understudy.NewFallback("data_source", down("primary")).Add(down("backup")).Default("offline mode")
	fmt.Println(source.Execute(context.Background()))
	// Output:
	// trying primary
	// trying backup
	// offline mode <nil>
}
