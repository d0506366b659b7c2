// Package api guards calls to things that fail: circuit breakers, retries with
// back-off and jitter, timeouts, fallbacks and health checks.
//
// A System runs them. Every named breaker, retry policy and health check is an
// actor that owns its state. Few calls send it a message: a closed breaker admits
// a call and counts its success with a few atomic loads and one atomic add.
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
// Compose takes the policies from the outermost to the innermost. Fallbacks are
// always outside all policies. Compose(timeout, retry, breaker) bounds the whole
// call, including the waits between attempts, and the breaker counts every
// attempt. Compose(retry, breaker, timeout) bounds each attempt separately.
//
// # Health
//
// System.Health runs health checks and serves /livez, /readyz, /startupz and
// /health from their last results. ShowBreakers adds the breakers to them. A
// breaker's Probe names the check that decides whether the dependency has
// recovered. Drain takes the service out of traffic before it shuts down.
//
// # Events
//
// Subscribe delivers events: changes of breakers and checks, retries, timeouts and
// fallbacks. The log has a line for each change. Of the events of single calls
// (Retrying, RetryExhausted, TimedOut, FallbackUsed) it has the first of each kind and
// name, and a sum of the others each second; at DEBUG it has all of them, with the ctx
// of the call.
//
// # Errors
//
// Use errors.Is to find out what failed (ErrCircuitOpen, ErrTimeout, ErrExhausted,
// ErrShutdown, ErrConfig, ErrCrashed), and errors.As for the details
// (*CircuitOpenError, *TimeoutError, *RetryError, *FallbackError, *ConfigError).
// The errors that your own functions return are always reachable by unwrapping.
//
// Everything here is safe for concurrent use.
package api
