package healthz

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// request is the part of an HTTP request that decides the answer.
type request struct {
	layout
	groupName string         // "": all checks
	group     *group         // of that name
	check     *health.Handle // one check of the group; nil: all of them
	exclude   []string       // names of checks to leave out of the page
}

// layout is the part of a page that does not depend on the results.
type layout struct {
	endpoint    string // "health", "livez", "readyz" or "startupz"
	format      format
	verbose     bool // text lists the checks even if the status is Healthy
	showDetails bool // messages and details are shown
}

// page is the contents of the body of a response.
type page struct {
	layout
	Snapshot
	warning  string // a problem with the request; empty: none
	refusing bool   // the page is the group "ready" of a draining system
}

// groupOf is the group that each endpoint shows; "": all checks.
var groupOf = map[string]string{"health": "", "livez": "live", "readyz": "ready", "startupz": ""}

// locate returns the request for a path. Any prefix may precede the endpoint, so
// the endpoint is the last segment that has the name of one. A check or group may
// have the name of an endpoint too: if there is a group "livez", /health/livez is
// that group.
func locate(set *Set, path string) (q request, found bool) {
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	last := lastEndpoint(segments)
	if last < 0 {
		return q, false
	}
	if before := lastEndpoint(segments[:last]); before >= 0 {
		if q, found = resolve(set, segments[before], strings.Join(segments[before+1:], "/")); found {
			return q, true
		}
	}
	return resolve(set, segments[last], strings.Join(segments[last+1:], "/"))
}

// lastEndpoint returns the index of the last segment that is the name of an
// endpoint; -1 if there is none.
func lastEndpoint(segments []string) int {
	for at, segment := range slices.Backward(segments) {
		if _, found := groupOf[segment]; found {
			return at
		}
	}
	return -1
}

// resolve returns the request for an endpoint and the rest of the path. For
// /health the rest names a group; for the others it names a check of the
// endpoint's group. An empty rest means all checks of the endpoint.
func resolve(set *Set, endpoint, rest string) (q request, found bool) {
	q.endpoint, q.groupName = endpoint, groupOf[endpoint]
	if endpoint == "health" {
		q.groupName, rest = rest, ""
	}
	if q.group, found = set.group(q.groupName); !found || rest == "" {
		return q, found
	}
	q.check, found = find(q.group.checks, rest)
	return q, found
}

// read reads the query and the headers of r.
func (q *request) read(r *http.Request) {
	query := r.URL.Query()
	q.exclude = query["exclude"]
	q.verbose = query.Has("verbose")
	q.format = choose(r.Header.Values("Accept"), q.endpoint)
}

// page returns the page that q asks for, as of now. It reads the results into
// buffer, if they fit.
func (s *Source) page(q *request, now time.Time, buffer []health.Result) *page {
	checks := q.group.checks
	if q.check != nil {
		checks = []*health.Handle{q.check}
	}
	checks, unknown := without(checks, q.exclude)
	p := &page{layout: q.layout, Snapshot: s.snapshot(checks, now, buffer), warning: warn(unknown)}
	switch {
	case q.endpoint == "startupz":
		p.Status = startup(p.Checks)
	case q.check != nil && len(checks) == 1:
		p.Status = p.Checks[0].Status // even if the check is optional
	}
	p.refusing = p.Draining && q.groupName == "ready" && q.check == nil
	if !q.showDetails {
		withhold(p.Checks)
	}
	return p
}

// startup returns the status of /startupz: Healthy once every check has a first
// result, whatever it is. A failing startup probe restarts the service, which
// does not repair a dependency; /readyz reports that.
func startup(results []health.Result) messages.Status {
	if slices.ContainsFunc(results, func(r health.Result) bool { return !started(r) }) {
		return messages.Unknown
	}
	return messages.Healthy
}

// started reports whether a check has a first result, or has none because another
// check blocks it.
func started(r health.Result) bool { return !r.Timestamp.IsZero() || r.BlockedBy != "" }

// withhold removes messages and details from results. The message "blocked by"
// stays, because the names of checks are shown anyway.
func withhold(results []health.Result) {
	for i := range results {
		r := &results[i]
		r.Details = nil
		if r.Message != "" && r.BlockedBy == "" {
			r.Message = "reason withheld"
		}
	}
}

// without returns the checks whose names are not in exclude, and the names in
// exclude that no check has.
func without(checks []*health.Handle, exclude []string) (rest []*health.Handle, unknown []string) {
	if len(exclude) == 0 {
		return checks, nil
	}
	excluded := map[*health.Handle]bool{}
	for _, name := range exclude {
		if c, found := find(checks, name); found {
			excluded[c] = true
		} else if name != "" {
			unknown = append(unknown, name)
		}
	}
	return slices.DeleteFunc(slices.Clone(checks), func(c *health.Handle) bool { return excluded[c] }), unknown
}

// warn returns a warning that names the checks to exclude that do not exist, at
// most ten of them; "" if there are none.
func warn(unknown []string) string {
	if len(unknown) == 0 {
		return ""
	}
	slices.Sort(unknown)
	unknown = slices.Compact(unknown)
	more := ""
	if n := len(unknown) - 10; n > 0 {
		unknown, more = unknown[:10], fmt.Sprintf(", and %d more", n)
	}
	for i, name := range unknown {
		unknown[i] = printable(truncate(name))
	}
	return "no check to exclude named " + strings.Join(unknown, ", ") + more
}

// truncate shortens a name that a client sent to 80 bytes of valid UTF-8.
func truncate(name string) string {
	const limit = 80
	if len(name) > limit {
		end := limit
		for end > 0 && !utf8.RuneStart(name[end]) {
			end--
		}
		name = name[:end] + "..."
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}
