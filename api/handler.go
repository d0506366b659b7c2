package api

import (
	"fmt"
	"maps"
	"net/http"

	"github.com/understudy-go/understudy/api/internal/healthz"
)

// ShowDetails decides which requests are answered with the messages and details of
// checks.
type ShowDetails uint8

// The values of ShowDetails. The zero value is Never.
const (
	Never  ShowDetails = iota // only requests that HandlerConfig.Authorize accepts
	Always                    // all requests
)

// HandlerConfig holds the settings of HandlerWith. The zero value means the
// defaults, which are those of Handler.
type HandlerConfig struct {
	// ShowDetails decides which requests are answered with messages and details.
	// They may contain host names and passwords. Default Never.
	ShowDetails ShowDetails
	// Authorize reports whether a request may see messages and details, even if
	// ShowDetails is Never. It may be called concurrently. Default nil: none may.
	Authorize func(*http.Request) bool
	// StatusCodes replaces HTTP status codes, by group and Status:
	// {"ready": {Degraded: 503}}. The group "" is /health itself. Default: HEALTHY
	// and DEGRADED are 200, UNHEALTHY and UNKNOWN are 503.
	StatusCodes map[string]map[Status]int
}

// Handler returns a handler that serves the last results to GET and HEAD requests,
// under any prefix. It runs no check.
//
//	/health          all checks                        /health/<group>  those of a group
//	/livez           the group "live"; empty: 200      /livez/<check>   one of them
//	/readyz          the group "ready"                 /readyz/<check>  one of them
//	                 503 "draining" once Drain or Shutdown has begun
//	/startupz        503 until every check has a first result, whatever it is
//
// HEALTHY and DEGRADED are 200, UNHEALTHY and UNKNOWN are 503. ?verbose lists the
// checks. ?exclude=name leaves a check out and may be repeated; a Warning header
// names excluded checks that do not exist. Messages and details are withheld; see
// HandlerWith.
//
// The Accept header chooses the format: application/json (the default of /health),
// application/health+json, text/plain (the default elsewhere), or
// text/plain;version=0.0.4, which is for Prometheus and always 200. Each format
// shows the age of the results in seconds, except the text of /livez, /readyz and
// /startupz, which has the format of Kubernetes.
//
// A new result is shown at once. Otherwise the page of a group is kept until the
// next second of the clock. Facts that change with time alone are therefore shown
// up to a second late: uptime_seconds, how long a check has been stuck, that a
// result has become stale, and that a check no longer flaps. Pages of a single check
// and pages with ?exclude are not kept.
func (h *Health) Handler() http.Handler {
	if !h.valid() {
		return http.NotFoundHandler()
	}
	return healthz.NewHandler(h.source, healthz.Config{})
}

// HandlerWith is Handler with settings. A ShowDetails or Status that does not exist,
// or a status code outside 200 to 599, is a *ConfigError.
func (h *Health) HandlerWith(cfg HandlerConfig) (http.Handler, error) {
	bad := func(group, field, format string, args ...any) error {
		return &ConfigError{Kind: "health handler", Name: group, Field: field, Problem: fmt.Sprintf(format, args...)}
	}
	if !h.valid() {
		return nil, errInvalidHealth
	}
	if cfg.ShowDetails > Always {
		return nil, bad("", "ShowDetails", "is neither Never nor Always: %d", cfg.ShowDetails)
	}
	codes := map[string]map[Status]int{}
	for group, mapping := range cfg.StatusCodes {
		codes[group] = maps.Clone(mapping) // the caller may change its map
		for status, code := range mapping {
			switch {
			case status > Unhealthy:
				return nil, bad(group, "StatusCodes", "there is no status %d", status)
			case code < 200 || code > 599:
				return nil, bad(group, "StatusCodes", "%v: %d is not a status from 200 to 599", status, code)
			}
		}
	}
	return healthz.NewHandler(h.source, healthz.Config{
		ShowDetails: cfg.ShowDetails == Always, Authorize: cfg.Authorize, StatusCodes: codes,
	}), nil
}
