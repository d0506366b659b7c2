package healthz

import (
	"sync"

	"github.com/understudy-go/understudy/actors/health"
	"github.com/understudy-go/understudy/messages"
)

// layout is the part of a page that does not depend on the results.
type layout struct {
	endpoint  string // "health", "livez", "readyz" or "startupz"
	groupName string // "": all checks
	format    format
	verbose   bool // text lists the checks even if the status is Healthy
	shown     extent
}

// extent is how much of a page a client is shown.
type extent uint8

const (
	bare  extent = iota // the status
	named               // also names, latencies, the version and the uptime
	full                // also messages and details
)

// page is the contents of the body of a response. It does not change.
type page struct {
	layout
	Snapshot                 // Checks: of the whole group; see each
	excluded map[string]bool // names of checks that are not on the page
	refusing bool            // the page is the group "ready" of a draining system
	messages bool            // a result has a message that strangers do not see
	details  bool            // a result has details

	shared bool // several clients may get this page
	once   sync.Once
	text   []byte // the body of a shared page; nil: too long to keep
}

// newPage returns the page that q asks for, made of the results of q's checks,
// without those that are excluded.
func newPage(q *request, all Snapshot, excluded map[string]bool) *page {
	p := &page{layout: q.layout, Snapshot: all, excluded: excluded}
	p.refusing = p.Draining && q.groupName == "ready" && q.check == nil
	var overall health.Overall
	allStarted := true
	for i, c := range q.checks() {
		r := &all.Checks[i]
		if excluded[r.Name] {
			continue
		}
		overall.Add(*r, c.Config().Optional && q.check == nil) // the page of one check shows its status, even if it is optional
		allStarted = allStarted && started(r)
		p.messages = p.messages || secret(r)
		p.details = p.details || len(r.Details) > 0
	}
	p.Status, p.RootCauses = overall.Status(), overall.RootCauses()
	if q.endpoint == "startupz" {
		p.Status = startup(allStarted)
	}
	if p.shown == bare {
		p.RootCauses = nil
	}
	return p
}

// each calls yield with the results on the page, as its client is shown them.
func (p *page) each(yield func(health.Result) bool) {
	if p.shown == bare {
		return
	}
	for _, r := range p.Checks {
		if p.excluded[r.Name] {
			continue
		}
		if p.shown < full {
			withhold(&r)
		}
		if !yield(r) {
			return
		}
	}
}

// passes reports whether the page says that requests should come.
func (p *page) passes() bool { return serves(p.Status) && !p.refusing }

// brief reports whether the page is the text "ok".
func (p *page) brief() bool { return p.format == formatText && !p.verbose && p.passes() }

// withholds reports whether a client that is shown everything would see more.
func (p *page) withholds() bool {
	switch {
	case p.shown == full || p.brief():
		return false
	case p.shown == bare:
		return true
	case p.format == formatPrometheus:
		return false
	case p.format == formatText:
		return p.messages
	}
	return p.messages || p.details
}

// startup returns the status of /startupz: Healthy once every check has a first
// result, whatever it is. A failing startup probe restarts the service, which
// does not repair a dependency; /readyz reports that.
func startup(allStarted bool) messages.Status {
	if allStarted {
		return messages.Healthy
	}
	return messages.Unknown
}

// started reports whether a check has a first result, or has none because another
// check blocks it.
func started(r *health.Result) bool { return !r.Timestamp.IsZero() || r.BlockedBy != "" }

// secret reports whether a result has a message that strangers do not see. The
// message "blocked by" is none, because the names of checks are shown anyway.
func secret(r *health.Result) bool { return r.Message != "" && r.BlockedBy == "" }

// withhold removes messages and details from a result.
func withhold(r *health.Result) {
	r.Details = nil
	if secret(r) {
		r.Message = "reason withheld"
	}
}
