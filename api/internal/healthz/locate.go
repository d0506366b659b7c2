package healthz

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/understudy-go/understudy/actors/health"
)

// What a client sends is read up to these lengths, in bytes.
const (
	maxPath   = 1 << 10
	maxAccept = 1 << 10
	maxQuery  = 16 << 10
)

// request is the part of an HTTP request that decides the answer.
type request struct {
	layout
	group   *group         // of layout.groupName
	below   bool           // the path goes on below the endpoint
	check   *health.Handle // one check of the group; nil: all of them
	exclude []string       // names to leave out of the page
	warning string         // a problem with the request; empty: none
}

// groupOf is the group that each endpoint shows; "": all checks.
var groupOf = map[string]string{"health": "", "livez": "live", "readyz": "ready", "startupz": ""}

// Endpoints are the names of all endpoints.
func Endpoints() map[string]bool {
	return map[string]bool{"health": true, "livez": true, "readyz": true, "startupz": true}
}

// locate returns the request for a path. The endpoint is the first segment that
// has the name of one that is served; any prefix may precede it. What follows is
// the name of a check or a group. An encoded slash belongs to a segment.
func locate(set *Set, served map[string]bool, u *url.URL) (q request, found bool) {
	if len(u.Path) > maxPath || len(u.RawPath) > 3*maxPath { // each byte of a path is encoded in at most 3
		return q, false
	}
	rest := strings.TrimSuffix(u.EscapedPath(), "/")
	for more := true; more; {
		var segment string
		segment, rest, more = strings.Cut(rest, "/")
		if endpoint := unescape(segment); served[endpoint] {
			return resolve(set, endpoint, unescape(rest))
		}
	}
	return q, false
}

// unescape decodes a part of a path that was checked or encoded by package url.
func unescape(text string) string {
	decoded, _ := url.PathUnescape(text)
	return decoded
}

// resolve returns the request for an endpoint and the rest of the path. For
// /health the rest names a group; for the others it names a check of the
// endpoint's group. An empty rest means all checks of the endpoint.
func resolve(set *Set, endpoint, rest string) (q request, found bool) {
	q.endpoint, q.groupName, q.below = endpoint, groupOf[endpoint], rest != ""
	if endpoint == "health" {
		q.groupName, rest = rest, ""
	}
	if q.group, found = set.group(q.groupName); !found || rest == "" {
		return q, found
	}
	q.check, found = find(q.group.checks, rest)
	return q, found
}

// read reads the query and the headers of r. A query or an Accept that is too long
// is ignored.
func (q *request) read(r *http.Request) {
	if len(r.URL.RawQuery) <= maxQuery {
		query := r.URL.Query()
		q.exclude = slices.DeleteFunc(query["exclude"], func(name string) bool { return name == "" })
		q.verbose = query.Has("verbose")
	} else {
		q.warning = "the query is longer than 16 KiB and was ignored"
	}
	accept, size := r.Header.Values("Accept"), 0
	for _, value := range accept {
		size += len(value) + 1
	}
	if size > maxAccept {
		accept = nil
	}
	q.format = choose(accept, q.endpoint)
}

// checks returns the checks that the request is about.
func (q *request) checks() []*health.Handle {
	if q.check != nil {
		return []*health.Handle{q.check}
	}
	return q.group.checks
}

// excluded returns the names of checks that the request leaves out; nil if there
// are none. Names that no check has cause a warning.
func (q *request) excluded() map[string]bool {
	var known map[string]bool
	var unknown []string
	for _, name := range q.exclude {
		if c, found := find(q.checks(), name); !found {
			unknown = append(unknown, name)
		} else if known == nil {
			known = map[string]bool{c.Name(): true}
		} else {
			known[c.Name()] = true
		}
	}
	if len(unknown) > 0 {
		q.warning = warn(unknown)
	}
	return known
}

// warn returns a warning that names the checks to exclude that do not exist, at
// most ten of them.
func warn(unknown []string) string {
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
