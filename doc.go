// Package understudy is the root of a resilience library: circuit breakers,
// retries, timeouts, fallbacks and health checks for Go services.
// It holds no code. Import the package api below it:
//
//	import understudy "github.com/understudy-go/understudy/api"
//
// The documentation is at [github.com/understudy-go/understudy/api].
package understudy
