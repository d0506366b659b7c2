package badinput

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/understudy-go/understudy/api"
)

// get sends a request to a handler.
func get(h http.Handler, target, accept string) *httptest.ResponseRecorder {
	r := &http.Request{Method: http.MethodGet, URL: &url.URL{}, Header: http.Header{}, Host: "here"}
	path, query, _ := strings.Cut(target, "?")
	r.URL.Path, r.URL.RawQuery = path, query
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// legal returns what is wrong with a response, whatever the request was.
func legal(w *httptest.ResponseRecorder) error {
	body := w.Body.Bytes()
	size := 0
	for name, values := range w.Header() {
		size += len(name) + len(strings.Join(values, ""))
	}
	var err error
	if strings.Contains(w.Header().Get("Content-Type"), "json") {
		err = must(json.Valid(body), fmt.Sprintf("no JSON: %q", body))
	}
	return errors.Join(err,
		must(w.Code == 200 || w.Code == 404 || w.Code == 405 || w.Code == 503, "the status is ", w.Code),
		must(size < 2000, "the headers have ", size, " bytes"),
		must(utf8.Valid(body), "the body is not UTF-8"))
}

func badHandlers() []row {
	var rows []row
	handler := func(function, input string, target, accept string, names ...string) {
		rows = append(rows, row{function, input, fine, func(v *victim) error {
			for _, name := range names {
				if err := v.h.Register(name, api.CheckConfig{}, healthy); err != nil {
					return err
				}
				v.h.Run(today, name)
			}
			return legal(get(v.h.Handler(), target, accept))
		}})
	}
	for _, path := range []string{"", "/", "//", "/health/", "/health//", "/livez/..", "/readyz/c/", "/x/health/ready/health", "/healthz", "\x00", "/health/\xff", "/readyz/../health", strings.Repeat("/", 1_000_000), "/readyz" + long} {
		handler("Health.Handler", "path "+path, path, "")
	}
	for _, query := range []string{"exclude", "exclude=", "exclude=%00%ff", "exclude=c&exclude=c", "verbose=%zz", ";;;", strings.Repeat("exclude=a&", 10_000), "exclude=" + long} {
		handler("Health.Handler", "query "+query, "/readyz?verbose&"+query, "")
	}
	for _, accept := range []string{"*/*;q=NaN", "*/*;q=-1", "*/*;q=1e309", ";", ",,,", "a/b;c", "text/plain;version=\"", "application/json;q=0", strings.Repeat("text/html,", 10_000), long} {
		handler("Health.Handler", "Accept "+accept, "/health", accept)
	}
	for _, name := range odd {
		for _, accept := range []string{"application/json", "application/health+json", "text/plain", "text/plain;version=0.0.4"} {
			handler("Health.Handler", "check "+name+" as "+accept, "/health?verbose", accept, name)
		}
	}
	for input, codes := range map[string]map[string]map[api.Status]int{
		"a status of 0":    {"ready": {api.Healthy: 0}},
		"a status of 199":  {"": {api.Unknown: 199}},
		"a status of 600":  {"x": {api.Healthy: 600}},
		"a huge status":    {"x": {api.Healthy: math.MaxInt}},
		"a negative one":   {"x": {api.Healthy: -1}},
		"for a bad status": {long: {200: math.MinInt}},
	} {
		rows = append(rows, row{"Health.HandlerWith", input, refused("health handler", "StatusCodes"), func(v *victim) error {
			h, err := v.h.HandlerWith(api.HandlerConfig{StatusCodes: codes})
			return errors.Join(err, must(h == nil, "something half-made is left"))
		}})
	}
	rows = append(rows,
		row{"Health.HandlerWith", "details for an unknown audience", refused("health handler", "ShowDetails"), func(v *victim) error {
			return second(v.h.HandlerWith(api.HandlerConfig{ShowDetails: 255}))
		}},
		row{"Health.HandlerWith", "an Authorize that panics", fine, func(v *victim) error {
			h, err := v.h.HandlerWith(api.HandlerConfig{ShowNames: api.DetailsNever, Authorize: func(*http.Request) bool { panic("rubbish") }})
			return errors.Join(err, legal(get(h, "/health", "")))
		}},
		row{"Health.HandlerWith", "names for an unknown audience", refused("health handler", "ShowNames"), func(v *victim) error {
			return second(v.h.HandlerWith(api.HandlerConfig{ShowNames: 255}))
		}},
		row{"Health.HandlerWith", "details for all, names for none", refused("health handler", "ShowNames"), func(v *victim) error {
			return second(v.h.HandlerWith(api.HandlerConfig{ShowDetails: api.Always, ShowNames: api.DetailsNever}))
		}},
		row{"Health.HandlerWith", "no endpoint", refused("health handler", "Endpoints"), func(v *victim) error {
			return second(v.h.HandlerWith(api.HandlerConfig{Endpoints: []string{}}))
		}},
		row{"Health.HandlerWith", "endpoints that do not exist", refused("health handler", "Endpoints"), func(v *victim) error {
			for _, endpoint := range []string{"", "/", "readyz", "/healthz", "/readyz/", "//readyz", long} {
				_, err := v.h.HandlerWith(api.HandlerConfig{Endpoints: []string{"/livez", endpoint}})
				if bad := refused("health handler", "Endpoints")(err); bad != "" {
					return errors.New(bad)
				}
			}
			return second(v.h.HandlerWith(api.HandlerConfig{Endpoints: []string{""}}))
		}},
		row{"Health.HandlerWith", "a map that changes later", fine, func(v *victim) error {
			codes := map[string]map[api.Status]int{"": {api.Healthy: 204}}
			h, err := v.h.HandlerWith(api.HandlerConfig{StatusCodes: codes})
			codes[""][api.Healthy] = 999
			return errors.Join(err, must(get(h, "/health", "").Code == 204))
		}},
		row{"Health.Handler", "details that no JSON can hold", fine, func(v *victim) error {
			h, err := v.h.HandlerWith(api.HandlerConfig{ShowDetails: api.Always})
			bad := v.h.Register("x", api.CheckConfig{}, func(context.Context) (api.Details, error) {
				cycle := map[string]any{}
				cycle["self"] = cycle
				return api.Details{"": nil, "\xff": cycle, "nan": math.NaN(), "inf": float32(math.Inf(-1)), "chan": make(chan int), "func": yes,
					"error": badError{}, "nil error": (*api.FallbackError)(nil), "raw": json.RawMessage("{"), "complex": 1i}, nil
			})
			v.h.Run(today, "x")
			return errors.Join(err, bad, legal(get(h, "/health", "application/json")), legal(get(h, "/health", "application/health+json")))
		}})
	return rows
}
