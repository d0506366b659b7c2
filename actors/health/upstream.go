package health

import (
	"context"
	"slices"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// pollBlocked is the time after which a blocked check tests again whether it is
// still blocked.
const pollBlocked = time.Second

// upstream returns all checks that a check with these dependencies depends on,
// directly or not, without duplicates. Each comes after those it depends on itself.
func upstream(dependencies []*Handle) []*Handle {
	var all []*Handle
	for _, d := range dependencies {
		for _, c := range append(slices.Clone(d.upstream), d) {
			if !slices.Contains(all, c) {
				all = append(all, c)
			}
		}
	}
	return all
}

// blockedBy returns the root cause: the first UNHEALTHY check that this one depends
// on, directly or not, and that does not depend on an UNHEALTHY one itself; nil if
// there is none.
func (h *Handle) blockedBy(now time.Time) *Handle {
	for _, c := range h.upstream {
		if c.view.Load().status(now) == messages.Unhealthy {
			return c
		}
	}
	return nil
}

// recheckUpstream runs the UNHEALTHY checks that this one depends on, and reports
// whether one of them is still UNHEALTHY.
func (h *Handle) recheckUpstream(ctx context.Context) bool {
	for _, c := range h.upstream {
		if c.view.Load().status(time.Now()) == messages.Unhealthy {
			c.Run(ctx)
		}
	}
	return h.blockedBy(time.Now()) != nil
}

// WithBlocker returns r, a result of this check, as of now: if the check is blocked,
// r becomes Unknown, "blocked by" the root cause.
func (h *Handle) WithBlocker(r Result, now time.Time) Result {
	if root := h.blockedBy(now); root != nil {
		r.Status, r.Message, r.BlockedBy = messages.Unknown, "blocked by "+messages.Printable(root.name), root.name
	}
	return r
}
