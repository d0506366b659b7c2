package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	understudy "github.com/understudy-go/understudy/api"
)

// histogram adds up calls and their durations. A service would use that of its metrics
// library.
type histogram struct {
	mu    sync.Mutex
	calls map[string]int
	took  map[string]time.Duration
}

func (h *histogram) observe(_ context.Context, call understudy.Call) {
	if call.Kind != "breaker" {
		return // the attempts of a Retry are reported, too
	}
	key := call.Name + " " + call.Outcome.String()
	if call.Refused {
		key = call.Name + " refused"
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.calls[key]++
	h.took[key] += call.Duration
}

// OnCall receives the end of each call, for a histogram.
func ExampleSystemConfig_onCall() {
	ctx := context.Background()
	calls := &histogram{calls: map[string]int{}, took: map[string]time.Duration{}}
	sys, _ := understudy.Start(understudy.SystemConfig{Logger: slog.New(slog.DiscardHandler), OnCall: calls.observe})
	defer sys.Shutdown(ctx)

	breaker, _ := sys.Breaker("payments", understudy.BreakerConfig{FailureThreshold: 1})
	for _, err := range []error{nil, nil, errors.New("connection refused"), nil} {
		_ = breaker.Run(ctx, func(context.Context) error { return err })
	}
	for key, n := range calls.calls {
		fmt.Println(n, key)
	}
	// Unordered output:
	// 2 payments success
	// 1 payments failure
	// 1 payments refused
}

// An operator opens a circuit, which recovers by itself, and later tries at once
// whether the service is back.
func ExampleBreaker_Trip() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("payments", understudy.BreakerConfig{HalfOpenMaxCalls: 1})
	charge := func(context.Context) error { return nil }

	_ = breaker.Trip("maintenance")
	fmt.Println(breaker.State(), errors.Is(breaker.Run(ctx, charge), understudy.ErrCircuitOpen))
	_ = breaker.TryNow()
	fmt.Println(breaker.State(), breaker.Run(ctx, charge))
	fmt.Println(breaker.State())
	// Output:
	// OPEN true
	// HALF_OPEN <nil>
	// CLOSED
}

// Totals are cheap enough for every scrape. LeftBehind shows functions that ignore
// their ctx.
func ExampleSystem_Totals() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	defer sys.Shutdown(ctx)
	breaker, _ := sys.Breaker("payments", understudy.BreakerConfig{})
	guard := understudy.Compose(understudy.Timeout(time.Millisecond), breaker)

	hang := make(chan struct{})
	receipt, err := understudy.Do(ctx, guard, func(context.Context) (string, error) {
		<-hang
		return "too late", nil
	}, understudy.Value("queued"))
	totals := sys.Totals()
	fmt.Println(receipt, err)
	fmt.Println(totals.Timeouts, "timeout,", totals.Fallbacks, "fallback,", totals.LeftBehind, "goroutine left behind")
	close(hang)
	// Output:
	// queued <nil>
	// 1 timeout, 1 fallback, 1 goroutine left behind
}

// A subscriber to the changes of breakers alone. Events of other types cost the calls
// that emit them almost nothing.
func ExampleSystem_SubscribeTo() {
	ctx := context.Background()
	sys, _ := understudy.Start(quiet)
	sys.SubscribeTo(func(e understudy.Event) {
		if e, ok := e.(understudy.BreakerChanged); ok { // the other one is Dropped
			fmt.Printf("%s is %v: %s, last failure: %v\n", e.Name, e.To, e.Reason, e.Last)
		}
	}, understudy.BreakerChanged{})

	breaker, _ := sys.Breaker("payments", understudy.BreakerConfig{FailureThreshold: 1})
	down := func(context.Context) (string, error) { return "", errors.New("connection refused") }
	_, _ = understudy.Do(ctx, breaker, down, understudy.Value("queued")) // FallbackUsed is not delivered
	_ = sys.Shutdown(ctx)                                                // delivers the pending events
	// Output: payments is OPEN: 1 failure, last failure: connection refused
}
