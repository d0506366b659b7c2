// Package understudy is the root of a resilience library: circuit breakers,
// retries, timeouts, fallbacks and health checks for Go services. It holds no
// code; import the package api below it:
//
//	import understudy "github.com/understudy-go/understudy/api"
//
// Its documentation is at [github.com/understudy-go/understudy/api].
package understudy
