// Package api guards calls to things that fail: circuit breakers, retries with
// back-off and jitter, timeouts, fallbacks and health checks.
//
// A System runs them. Every named breaker, retry policy and health check is an
// actor that owns its state; the functions here turn calls into messages, and
// most calls need none: a breaker that is closed admits and counts a success
// with a few atomic loads and one atomic add.
//
//	import understudy "github.com/understudy-go/understudy/api"
//	...
//	sys, err := understudy.Start(understudy.SystemConfig{Version: "3.1.0"})
//	...
//	defer sys.Shutdown(context.Background())
//	breaker, err := sys.Breaker("payments", understudy.BreakerConfig{FailureThreshold: 5})
//	retry, err := sys.Retry("payments", understudy.RetryConfig{MaxAttempts: 3})
//	guard := understudy.Compose(understudy.Timeout(10*time.Second), retry, breaker)
//
//	receipt, err := understudy.Do(ctx, guard, func(ctx context.Context) (Receipt, error) {
//		return payments.Charge(ctx, order)
//	}, understudy.Value(Receipt{Status: "queued"}))
//
// # Order
//
// Compose takes the policies from the outermost to the innermost; fallbacks are
// always outside of them all. Compose(timeout, retry, breaker) bounds the whole
// call, waits between attempts included, and the breaker sees every attempt.
// Compose(retry, breaker, timeout) bounds each attempt by itself.
//
// # Health
//
// System.Health has the checks and serves /livez, /readyz, /startupz and /health
// from their last results. ShowBreakers shows breakers among them, and a breaker's
// Probe asks one of them whether the dependency is well again. Drain takes the
// service out of traffic before it shuts down. Subscribe tells of all that happens.
//
// # Errors
//
// Every failure can be told with errors.Is (ErrCircuitOpen, ErrTimeout,
// ErrExhausted, ErrShutdown, ErrConfig, ErrCrashed) and looked into with errors.As
// (*CircuitOpenError, *TimeoutError, *RetryError, *FallbackError,
// *ConfigError). Your own errors are always reachable by unwrapping.
//
// Everything here is safe for concurrent use.
package api
