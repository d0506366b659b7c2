package api

import (
	"fmt"
	"maps"
	"net/http"
	"strings"

	"github.com/understudy-go/understudy/api/internal/healthz"
	"github.com/understudy-go/understudy/messages"
)

// ShowDetails decides which requests are answered with the messages and details of
// checks.
type ShowDetails uint8

// The values of ShowDetails. The zero value is Never.
const (
	Never  ShowDetails = iota // only requests that HandlerConfig.Authorize accepts
	Always                    // all requests
)

// ShowNames decides which requests are answered with more than a status.
type ShowNames uint8

// The values of ShowNames. The zero value is NamesAlways.
const (
	NamesAlways  ShowNames = iota // all requests
	DetailsNever                  // only requests that HandlerConfig.Authorize accepts; others see the status alone
)

// HandlerConfig holds the settings of HandlerWith. The zero value means the
// defaults, which are those of Handler.
type HandlerConfig struct {
	// Endpoints are the endpoints that are served: "/health", "/livez", "/readyz"
	// and "/startupz". Default nil: all of them.
	Endpoints []string
	// ShowDetails decides which requests are answered with messages and details.
	// They may contain host names and passwords. Default Never.
	ShowDetails ShowDetails
	// ShowNames decides which requests are answered with the names and latencies of
	// checks, the version and the uptime. Checks that show breakers have their names,
	// which may be those of tenants. A request that must not see names gets the
	// status of an endpoint: what is below an endpoint is 404, and ?exclude is
	// ignored. Default NamesAlways.
	ShowNames ShowNames
	// Authorize reports whether a request may see everything, whatever ShowDetails
	// and ShowNames are. It is called only if the request would see more then, so a
	// passing /livez never waits for it. It may be called concurrently, at most 64
	// times at once. If it panics, or does not return within 500 ms, a WARN is logged
	// (at most one a second) and the request sees no more; ctx of the request that it
	// is given ends then. Default nil: no request may.
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
// The first segment of the path that names an endpoint is the endpoint, so below
// /readyz there are only checks of the group "ready". Any other path, and one longer
// than 1 KiB, is 404.
//
// HEALTHY and DEGRADED are 200, UNHEALTHY and UNKNOWN are 503. ?verbose lists the
// checks. ?exclude=name leaves a check out and may be repeated; a Warning header
// names excluded checks that do not exist. A query longer than 16 KiB is ignored,
// with a Warning. Names, latencies, the version and the uptime are shown to every
// client; messages and details are withheld. HandlerWith changes both.
//
// The Accept header chooses the format: application/json (the default of /health),
// application/health+json, text/plain (the default elsewhere), or
// text/plain;version=0.0.4, which is for Prometheus and always 200. An Accept longer
// than 1 KiB is ignored. Each format shows the age of the results in seconds, except
// the text of /livez, /readyz and /startupz, which has the format of Kubernetes.
//
// A new result is shown at once. Otherwise the results of a group are kept until the
// next second of the clock, and so are its pages up to 1 MiB; longer ones, and those
// with ?exclude, are written piece by piece for each request. Facts that change with
// time alone are therefore shown up to a second late: uptime_seconds, how long a
// check has been stuck, that a result has become stale, and that a check no longer
// flaps. Pages of a single check are not kept.
func (h *Health) Handler() http.Handler {
	if !h.valid() {
		return http.NotFoundHandler()
	}
	return healthz.NewHandler(h.source, healthz.Config{Endpoints: healthz.Endpoints()})
}

// HandlerWith is Handler with settings. An endpoint, ShowDetails, ShowNames or Status
// that does not exist, or a status code outside 200 to 599, is a *ConfigError.
func (h *Health) HandlerWith(cfg HandlerConfig) (http.Handler, error) {
	if !h.valid() {
		return nil, errInvalidHealth
	}
	if cfg.ShowDetails > Always {
		return nil, badHandler("", "ShowDetails", "is neither Never nor Always: %d", cfg.ShowDetails)
	}
	if cfg.ShowNames > DetailsNever {
		return nil, badHandler("", "ShowNames", "is neither NamesAlways nor DetailsNever: %d", cfg.ShowNames)
	}
	if cfg.ShowDetails == Always && cfg.ShowNames == DetailsNever {
		return nil, badHandler("", "ShowNames", "hides what ShowDetails shows")
	}
	endpoints, err := endpointsOf(cfg.Endpoints)
	if err != nil {
		return nil, err
	}
	codes, err := codesOf(cfg.StatusCodes)
	if err != nil {
		return nil, err
	}
	return healthz.NewHandler(h.source, healthz.Config{
		Endpoints: endpoints, ShowDetails: cfg.ShowDetails == Always, HideNames: cfg.ShowNames == DetailsNever,
		Authorize: cfg.Authorize, StatusCodes: codes, Logger: h.shared.Logger(),
	}), nil
}

// endpointsOf returns the endpoints to serve, without their slash.
func endpointsOf(paths []string) (map[string]bool, error) {
	all := healthz.Endpoints()
	if paths == nil {
		return all, nil
	}
	if len(paths) == 0 {
		return nil, badHandler("", "Endpoints", messages.MustNotBeEmpty)
	}
	served := map[string]bool{}
	for _, path := range paths {
		name, slash := strings.CutPrefix(path, "/")
		if !slash || !all[name] {
			return nil, badHandler("", "Endpoints", "there is no endpoint %q", messages.Clip(path))
		}
		served[name] = true
	}
	return served, nil
}

// codesOf returns a copy of the status codes, because the caller may change them.
func codesOf(given map[string]map[Status]int) (map[string]map[Status]int, error) {
	codes := map[string]map[Status]int{}
	for group, mapping := range given {
		codes[group] = maps.Clone(mapping)
		for status, code := range mapping {
			switch {
			case status > Unhealthy:
				return nil, badHandler(group, "StatusCodes", "there is no status %d", status)
			case code < 200 || code > 599:
				return nil, badHandler(group, "StatusCodes", "%v: %d is not a status from 200 to 599", status, code)
			}
		}
	}
	return codes, nil
}

func badHandler(group, field, format string, args ...any) error {
	return &ConfigError{Kind: "health handler", Name: group, Field: field, Problem: fmt.Sprintf(format, args...)}
}
