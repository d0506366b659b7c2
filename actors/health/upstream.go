package health

import (
	"context"
	"slices"
	"time"

	"github.com/understudy-go/understudy/messages"
)

// pollBlocked is how often a blocked check looks whether it still is.
const pollBlocked = time.Second

// upstream returns everything that checks with these dependencies stand on: each
// once, and what it stands on itself before it.
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

// blockedBy returns the root cause: the first UNHEALTHY check that this one
// stands on, directly or not, and that stands on no UNHEALTHY one itself. Nil: none.
func (h *Handle) blockedBy(now time.Time) *Handle {
	for _, c := range h.upstream {
		if c.view.Load().status(now) == messages.Unhealthy {
			return c
		}
	}
	return nil
}

// recheckUpstream runs the UNHEALTHY checks that this one stands on, and reports
// whether one still is.
func (h *Handle) recheckUpstream(ctx context.Context) bool {
	for _, c := range h.upstream {
		if c.view.Load().status(time.Now()) == messages.Unhealthy {
			c.Run(ctx)
		}
	}
	return h.blockedBy(time.Now()) != nil
}

// WithBlocker returns a result of this check as it reads while the checks it
// depends on are as they are: Unknown and "blocked by" the root cause, or
// unchanged.
func (h *Handle) WithBlocker(r Result, now time.Time) Result {
	if root := h.blockedBy(now); root != nil {
		r.Status, r.Message, r.BlockedBy = messages.Unknown, "blocked by "+root.name, root.name
	}
	return r
}
