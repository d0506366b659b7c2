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

// request is what a client asks for.
type request struct {
	layout
	groupName string         // "": all checks
	group     *group         // of that name
	check     *health.Handle // one check of the group; nil: all of them
	exclude   []string       // names of checks to leave out
}

// layout is how a page looks, whatever it says.
type layout struct {
	endpoint string // "health", "livez", "readyz" or "startupz"
	format   format
	verbose  bool // as text, list the checks even if all is well
	shown    bool // messages and details
}

// page is everything that the body of a response says.
type page struct {
	layout
	Snapshot
	warning  string // what is wrong with the request; empty: nothing
	refusing bool   // the system drains, and the page is about the group "ready"
}

// groupOf is the group that an endpoint shows.
var groupOf = map[string]string{"health": "", "livez": "live", "readyz": "ready", "startupz": ""}

// locate finds what a path names: the last segment that is an endpoint, and
// what follows it. A check or group may have the name of an endpoint: then it
// is the one before that.
func locate(set *Set, path string) (q request, found bool) {
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	last := lastEndpoint(segments)
	if last < 0 {
		return q, false
	}
	if before := lastEndpoint(segments[:last]); before >= 0 {
		if q, found = open(set, segments[before], strings.Join(segments[before+1:], "/")); found {
			return q, true
		}
	}
	return open(set, segments[last], strings.Join(segments[last+1:], "/"))
}

func lastEndpoint(segments []string) int {
	for at, segment := range slices.Backward(segments) {
		if _, found := groupOf[segment]; found {
			return at
		}
	}
	return -1
}

// open returns the request for an endpoint: for its group, or the group that
// rest names, or the check that rest names.
func open(set *Set, endpoint, rest string) (q request, found bool) {
	q.endpoint, q.groupName = endpoint, groupOf[endpoint]
	if endpoint == "health" {
		q.groupName, rest = rest, ""
	}
	if q.group, found = set.in(q.groupName); !found || rest == "" {
		return q, found
	}
	q.check, found = find(q.group.checks, rest)
	return q, found
}

// read takes in what the query and the headers of r ask for.
func (q *request) read(r *http.Request) {
	query := r.URL.Query()
	q.exclude = query["exclude"]
	q.verbose = query.Has("verbose")
	q.format = choose(r.Header.Values("Accept"), q.endpoint)
}

// page returns what q asks for, as it stands now. Its checks are in room, if
// they fit.
func (s *Source) page(q *request, now time.Time, room []health.Result) *page {
	checks := q.group.checks
	if q.check != nil {
		checks = []*health.Handle{q.check}
	}
	checks, unknown := without(checks, q.exclude)
	p := &page{layout: q.layout, Snapshot: s.snapshot(checks, now, room), warning: warn(unknown)}
	switch {
	case q.endpoint == "startupz":
		p.Status = startup(p.Checks)
	case q.check != nil && len(checks) == 1:
		p.Status = p.Checks[0].Status // optional or not
	}
	p.refusing = p.Draining && q.groupName == "ready" && q.check == nil
	if !q.shown {
		withhold(p.Checks)
	}
	return p
}

// startup returns the status of /startupz: a first result of every check is
// enough. What it says, /readyz judges; a restart would not mend it.
func startup(results []health.Result) messages.Status {
	if slices.ContainsFunc(results, func(r health.Result) bool { return !started(r) }) {
		return messages.Unknown
	}
	return messages.Healthy
}

// started reports whether a check has a first result, or waits for one because
// another check blocks it.
func started(r health.Result) bool { return !r.Timestamp.IsZero() || r.BlockedBy != "" }

// withhold takes messages and details out of results; the names of checks that
// block others are no secret.
func withhold(results []health.Result) {
	for i := range results {
		r := &results[i]
		r.Details = nil
		if r.Message != "" && r.BlockedBy == "" {
			r.Message = "reason withheld"
		}
	}
}

// without returns the checks that are not excluded, and the names to exclude
// that none of them has.
func without(checks []*health.Handle, exclude []string) (left []*health.Handle, unknown []string) {
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

// warn puts names that are not there into words, the first ten of them.
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
		unknown[i] = printable(cut(name))
	}
	return "no check to exclude named " + strings.Join(unknown, ", ") + more
}

// cut shortens a name that a client made up to 80 bytes, in valid UTF-8.
func cut(name string) string {
	const most = 80
	if len(name) > most {
		end := most
		for end > 0 && !utf8.RuneStart(name[end]) {
			end--
		}
		name = name[:end] + "..."
	}
	return strings.ToValidUTF8(name, "\uFFFD")
}
