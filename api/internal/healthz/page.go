package healthz

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// page is what one request asks for.
type page struct {
	endpoint string   // "health", "livez", "readyz" or "startupz"
	group    string   // "": all checks
	single   bool     // one check of the group
	picture  *picture // what to show
	warning  string   // what is wrong with the request
	format   format
	verbose  bool
	show     bool // messages and details
	draining bool // nothing is ready any more
	now      time.Time
	status   messages.Status
}

var groupOf = map[string]string{"health": "", "livez": "live", "readyz": "ready", "startupz": ""}

// page finds what the path names: the last segment that is an endpoint, and
// what follows it. A check or group may have the name of an endpoint: then it
// is the one before that.
func (h *handler) page(path string, now time.Time) (p page, found bool) {
	segments := strings.Split(strings.TrimSuffix(path, "/"), "/")
	last := lastEndpoint(segments)
	if last < 0 {
		return p, false
	}
	if before := lastEndpoint(segments[:last]); before >= 0 {
		if p, found = h.open(segments[before], strings.Join(segments[before+1:], "/"), now); found {
			return p, true
		}
	}
	return h.open(segments[last], strings.Join(segments[last+1:], "/"), now)
}

func lastEndpoint(segments []string) int {
	for at, segment := range slices.Backward(segments) {
		if _, found := groupOf[segment]; found {
			return at
		}
	}
	return -1
}

// open returns the page of an endpoint: of its group, or the one that rest
// names, or of the check that rest names.
func (h *handler) open(endpoint, rest string, now time.Time) (p page, found bool) {
	p = page{endpoint: endpoint, group: groupOf[endpoint], now: now}
	if endpoint == "health" {
		p.group = rest
	}
	g, found := h.source.Set.Load().in(p.group)
	if !found {
		return p, false
	}
	p.picture = h.source.picture(g, now)
	if endpoint != "health" && rest != "" {
		at, found := search(g.checks, rest)
		if !found {
			return p, false
		}
		p.single, p.picture = true, p.picture.only(at)
	}
	return p, true
}

// exclude leaves checks out, and warns of names that are not there.
func (p *page) exclude(names []string) {
	if len(names) == 0 {
		return
	}
	out := make([]bool, len(p.picture.checks))
	var unknown []string
	for _, name := range names {
		if at, found := p.picture.find(name); found {
			out[at] = true
		} else if name != "" {
			unknown = append(unknown, name)
		}
	}
	p.picture = pictureOf(p.picture.checks, out)
	p.warn(unknown)
}

// warn puts names that are not there into words, the first ten of them.
func (p *page) warn(unknown []string) {
	if len(unknown) == 0 {
		return
	}
	slices.Sort(unknown)
	unknown = slices.Compact(unknown)
	more := ""
	if n := len(unknown) - 10; n > 0 {
		unknown, more = unknown[:10], fmt.Sprintf(", and %d more", n)
	}
	for i, name := range unknown {
		unknown[i] = printable(messages.Shorten(name))
	}
	p.warning = "no check to exclude named " + strings.Join(unknown, ", ") + more
}

// overall returns the status of the page. On /startupz a first result is
// enough: what it says is for /readyz to judge, not for whoever restarts the pod.
func (p *page) overall() messages.Status {
	switch {
	case p.endpoint != "startupz":
		return p.picture.status
	case p.picture.started:
		return messages.Healthy
	}
	return messages.Unknown
}
