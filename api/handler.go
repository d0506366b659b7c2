package api

import (
	"fmt"
	"maps"
	"net/http"

	"github.com/understudy-go/understudy/api/internal/healthz"
)

// ShowDetails says who may read why a check fails, and its details.
type ShowDetails uint8

// Who may read reasons and details. The zero value is Never.
const (
	Never  ShowDetails = iota // nobody but those whom Authorize lets
	Always                    // everybody who can reach the endpoint
)

// HandlerConfig holds the settings of HandlerWith. The zero value is what
// Handler uses.
type HandlerConfig struct {
	// ShowDetails: Never (the default) withholds messages and details, which
	// may tell strangers about hosts and passwords; Always shows them.
	ShowDetails ShowDetails
	// Authorize, if set, shows messages and details to the requests for which
	// it returns true.
	Authorize func(*http.Request) bool
	// StatusCodes changes the HTTP status of a group: {"ready": {Degraded: 503}}.
	// The group "" is /health itself. Default: HEALTHY and DEGRADED 200,
	// UNHEALTHY and UNKNOWN 503.
	StatusCodes map[string]map[Status]int
}

// Handler serves the last results to GET and HEAD, under any prefix. It runs
// no check.
//
//	/health          all checks                        /health/<group>  those of a group
//	/livez           the group "live"; none: 200       /livez/<check>   one of them
//	/readyz          the group "ready"                 /readyz/<check>  one of them
//	                 503 "draining" after Drain or Shutdown began
//	/startupz        503 until every check has a first result, whatever it is
//
// HEALTHY and DEGRADED are 200, UNHEALTHY and UNKNOWN 503. ?verbose lists the
// checks, ?exclude=name (repeatable) leaves one out; a name that is not there
// is named in a Warning header. The format follows Accept:
// application/json (the default of /health), application/health+json,
// text/plain (the default elsewhere) and text/plain;version=0.0.4, which is
// for Prometheus and always 200. Every format shows how many seconds old each
// result is, except the text of the probes, which keeps to the words of
// Kubernetes. Messages and details are withheld: see HandlerWith.
//
// A new result is shown at once. While there is none, the page of a group is
// kept, with its status code, until the next second of the clock. What changes
// with time alone is therefore shown up to a second late: uptime_seconds, how
// long a check has been stuck, that a result has become stale, that a check has
// stopped flapping. Pages with ?exclude and of one check are made anew each time.
func (h *Health) Handler() http.Handler {
	if !h.valid() {
		return http.NotFoundHandler()
	}
	return healthz.NewHandler(h.source, healthz.Config{})
}

// HandlerWith is Handler with settings. A ShowDetails or Status that does not
// exist, and a status code outside 200 to 599, are a *ConfigError.
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
		codes[group] = maps.Clone(mapping) // the caller's map stays the caller's
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
